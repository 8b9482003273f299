// @ts-check
/** An app's Content Security Policy, with the embedding and the one script of ours allowed; pure functions. */

/**
 * A header's policies as they hold in the frame: all of them, but for whom the app lets embed it.
 *
 * @param {string} policies one or several, by commas, each of directives by semicolons
 * @param {string} [hash] SHA-256 of our inline script, in base64; without, scripts stay as they are
 * @returns {string} empty if nothing is left
 */
export function embeddedPolicies(policies, hash) {
  const kept = policies.split(",").map((policy) => embeddedPolicy(policy, hash));
  return kept.filter(Boolean).join(", ");
}

/**
 * @param {string} policy
 * @param {string} [hash]
 */
function embeddedPolicy(policy, hash) {
  const directives = parse(policy);
  directives.delete("frame-ancestors");
  if (hash) allow(directives, `'sha256-${hash}'`);
  return [...directives].map(([name, values]) => [name, ...values].join(" ")).join("; ");
}

/**
 * Of several directives of one name the first counts: https://www.w3.org/TR/CSP3/#parse-serialized-policy
 *
 * @param {string} policy
 * @returns {Map<string, string[]>}
 */
function parse(policy) {
  const directives = new Map();
  for (const directive of policy.split(";")) {
    const [name, ...values] = directive.trim().split(/\s+/);
    if (name && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), values);
  }
  return directives;
}

/**
 * Allow one inline script, and nothing else that was not allowed before.
 *
 * A hash in `script-src` itself would switch off an `'unsafe-inline'` beside it, so it goes to `script-src-elem`, and
 * only where it is needed.
 *
 * @param {Map<string, string[]>} directives
 * @param {string} source
 */
function allow(directives, source) {
  const sandbox = directives.get("sandbox");
  if (sandbox && !sandbox.some((flag) => flag.toLowerCase() === "allow-scripts")) {
    // No script runs at all: let scripts run, but none except ours.
    directives.set("sandbox", [...sandbox, "allow-scripts"]);
    for (const name of ["script-src-elem", "script-src-attr"]) directives.delete(name);
    directives.set("script-src", [source]);
    return;
  }
  const sources = ["script-src-elem", "script-src", "default-src"].map((name) => directives.get(name)).find(Boolean);
  if (!sources || allowsInline(sources)) return;
  directives.set("script-src-elem", [...sources.filter((each) => each.toLowerCase() !== "'none'"), source]);
}

/**
 * https://www.w3.org/TR/CSP3/#allow-all-inline
 *
 * @param {string[]} sources
 */
function allowsInline(sources) {
  const restricted = sources.some((source) => /^'(nonce-|sha(256|384|512)-|strict-dynamic'$)/i.test(source));
  return !restricted && sources.some((source) => source.toLowerCase() === "'unsafe-inline'");
}
