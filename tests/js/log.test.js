// What an app says: kept by its worker, told to pages, heard once; with Node's own ports.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Beats, Journal, LINES, SIZE } from "../../static/journal.js";
import { Log } from "../../static/log.js";

/** A page's log, and the lines that its figures show. */
function page() {
  const log = new Log();
  const shown = [];
  log.show({ add: (lines) => shown.push(...lines.map(({ text }) => text)) });
  return { log, shown };
}

/** What a worker answers to a beat. */
function answer(beats, heard) {
  const { port1, port2 } = new MessageChannel();
  beats.hold(port2, heard);
  return new Promise((resolve) => (port1.onmessage = ({ data }) => (port1.close(), resolve(data))));
}

test("each line is heard once, whichever way it comes", () => {
  const journal = new Journal();
  const { log, shown } = page();
  journal.say("one", false);
  log.take(journal.since(log.heard));
  const late = journal.since();
  journal.say("two", true);
  log.take(journal.since());
  log.take(late);
  log.take(journal.since(log.heard));
  log.take(undefined);
  assert.deepEqual(shown, ["one", "two"]);
  assert.deepEqual(journal.since(log.heard).lines, []);
});

test("the last lines are kept, and a page that missed some says so", () => {
  const journal = new Journal();
  const { log, shown } = page();
  journal.say("first", false);
  log.take(journal.since(log.heard));
  for (let at = 0; at < LINES + 10; at++) journal.say(`line ${at}`, false);
  log.take(journal.since(log.heard));
  assert.equal(shown.length, 1 + 1 + LINES);
  assert.deepEqual(shown.slice(0, 3), ["first", "… 10 lines are not kept …", "line 10"]);

  for (let at = 0; at < 100; at++) journal.say("x".repeat(SIZE), false);
  const { lines } = journal.since();
  const size = lines.reduce((sum, { text }) => sum + text.length, 0);
  assert.ok(lines.length > 1 && size <= SIZE, `${lines.length} lines, ${size} characters`);
  assert.ok(lines.every(({ text }) => text.endsWith("…")));
});

test("a worker that was run again begins anew", () => {
  const { log, shown } = page();
  for (const text of ["before", "after"]) {
    const journal = new Journal();
    journal.say(text, false);
    log.take(journal.since(log.heard));
  }
  assert.deepEqual(shown, ["before", "… the app was started anew …", "after"]);
});

test("what Python says goes to the console as well, or where it went", () => {
  const journal = new Journal();
  const warned = [];
  journal.listening(({ stdout, stderr }) => {
    const { log } = console;
    console.log = () => {};
    try {
      stdout("out");
    } finally {
      console.log = log;
    }
    stderr("err");
  })({ stderr: (line) => warned.push(line) });
  assert.deepEqual(warned, ["err"]);
  assert.deepEqual(journal.since().lines, [
    { text: "out", isError: false },
    { text: "err", isError: true },
  ]);
});

test("a beat is answered when there is something new, for those who listen, and when the app ends", async () => {
  const journal = new Journal();
  const beats = new Beats(journal, () => ({ type: "state", state: "ready" }));
  const { log } = page();
  const listener = answer(beats, log.heard);
  const other = answer(beats, undefined);
  journal.say("one", false);
  journal.say("two", false);
  const told = await listener;
  assert.deepEqual([told.state, told.log.lines.map(({ text }) => text)], ["ready", ["one", "two"]]);
  // What was said before a beat is told at once too.
  assert.equal((await answer(beats, log.heard)).log.count, 2);
  beats.end();
  assert.deepEqual(await other, { type: "state", state: "ready" });
});
