// Shows, on a table page, how many rows the table has and a bar for each decade of its `year` column.

/** @param {number[]} years */
function decades(years) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const year of years) {
    const decade = Math.floor(year / 10) * 10;
    counts.set(decade, (counts.get(decade) ?? 0) + 1);
  }
  return [...counts].sort(([first], [second]) => first - second);
}

/** @param {number[]} years */
function chart(years) {
  const bars = decades(years);
  const highest = Math.max(...bars.map(([, count]) => count));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${bars.length * 12} 40`);
  svg.setAttribute("height", "40");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "Books by decade");
  bars.forEach(([decade, count], index) => {
    const bar = document.createElementNS(svg.namespaceURI, "rect");
    const height = (count / highest) * 38;
    const title = document.createElementNS(svg.namespaceURI, "title");
    title.textContent = `${decade}s: ${count}`;
    for (const [name, value] of Object.entries({ x: index * 12, y: 40 - height, width: 10, height })) {
      bar.setAttribute(name, String(value));
    }
    bar.setAttribute("fill", "currentColor");
    bar.append(title);
    svg.append(bar);
  });
  return svg;
}

async function addBadge() {
  const heading = document.querySelector("body.table h1");
  if (!heading) return;
  const response = await fetch(`${location.pathname}.json?_shape=array&_size=max`);
  const rows = await response.json();
  const badge = document.createElement("p");
  badge.id = "badge";
  badge.style.color = "#276890";
  badge.textContent = `${rows.length} rows `;
  const years = rows.map((/** @type {{year?: number}} */ row) => row.year).filter(Number.isInteger);
  if (years.length) badge.append(chart(years));
  heading.after(badge);
}

document.documentElement.dataset.plugin = "ran";
await addBadge();
