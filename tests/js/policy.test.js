// An app's Content Security Policy as its pages get it; what browsers make of it is in tests/browser/test_csp.py.

import assert from "node:assert/strict";
import { test } from "node:test";
import { embeddedPolicies } from "../../static/policy.js";

const OURS = "'sha256-abc='";

const CASES = {
  "": "",
  "frame-ancestors 'none'": "",
  "Frame-Ancestors 'self' ; img-src 'self'": "img-src 'self'",
  "img-src 'self'": "img-src 'self'",
  "script-src 'none'": `script-src 'none'; script-src-elem ${OURS}`,
  "default-src 'none'; script-src-attr 'unsafe-inline'": `default-src 'none'; script-src-attr 'unsafe-inline'; script-src-elem ${OURS}`,
  "default-src 'self' https:": `default-src 'self' https:; script-src-elem 'self' https: ${OURS}`,
  "script-src 'self' 'unsafe-inline'": "script-src 'self' 'unsafe-inline'",
  "script-src 'nonce-x' 'unsafe-inline'": `script-src 'nonce-x' 'unsafe-inline'; script-src-elem 'nonce-x' 'unsafe-inline' ${OURS}`,
  "script-src 'strict-dynamic' 'sha256-y'": `script-src 'strict-dynamic' 'sha256-y'; script-src-elem 'strict-dynamic' 'sha256-y' ${OURS}`,
  "script-src-elem 'self'; script-src *": `script-src-elem 'self' ${OURS}; script-src *`,
  "script-src 'self'; script-src *": `script-src 'self'; script-src-elem 'self' ${OURS}`,
  "default-src 'none', img-src *, frame-ancestors *": `default-src 'none'; script-src-elem ${OURS}, img-src *`,
  "sandbox": `sandbox allow-scripts; script-src ${OURS}`,
  "sandbox allow-forms; script-src *; script-src-elem *": `sandbox allow-forms allow-scripts; script-src ${OURS}`,
  "sandbox ALLOW-SCRIPTS": "sandbox ALLOW-SCRIPTS",
  "upgrade-insecure-requests;;": "upgrade-insecure-requests",
};

for (const [given, expected] of Object.entries(CASES))
  test(`a page's policy: ${given || "(empty)"}`, () => assert.equal(embeddedPolicies(given, "abc="), expected));

test("without a script of ours only the embedding is allowed", () => {
  assert.equal(embeddedPolicies("script-src 'none'; frame-ancestors 'none'"), "script-src 'none'");
  assert.equal(embeddedPolicies("sandbox"), "sandbox");
});
