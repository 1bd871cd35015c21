// Runs scenarios with an SDK, each in a project and an app of its own, and tells the outcome of each.
import { deleteApp, initializeApp } from "firebase/app";
import { documents } from "./scenarios/documents.js";
import { listeners } from "./scenarios/listeners.js";
import { queries } from "./scenarios/queries.js";
import { reconnect } from "./scenarios/reconnect.js";
import { listenerRules, rules } from "./scenarios/rules.js";
import { transactions } from "./scenarios/transactions.js";

const LITE = { documents, queries, rules, transactions };
const FULL = { ...LITE, listeners, reconnect, rules: { ...rules, ...listenerRules } };

/** The server beside the SDK: what somebody else does. */
class Rest {
  constructor(origin, projectId) {
    this.project = `${origin}/emulator/v1/projects/${projectId}`;
    this.documents = `${origin}/v1/projects/${projectId}/databases/(default)/documents`;
  }

  async call(method, url, body) {
    const headers = { Authorization: "Bearer owner", "Content-Type": "application/json" };
    const answer = await fetch(url, { body: body && JSON.stringify(body), headers, method });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  get = (path) => this.call("GET", `${this.documents}/${path}`);
  remove = (path) => this.call("DELETE", `${this.documents}/${path}`);
  rules = (content) => this.call("PUT", `${this.project}:securityRules`, { rules: { files: [{ content, name: "firestore.rules" }] } });
  set = (path, data) => {
    const value = (one) =>
      ({ boolean: { booleanValue: one }, number: { integerValue: String(one) }, string: { stringValue: one } })[typeof one];
    const fields = Object.fromEntries(Object.entries(data).map(([name, one]) => [name, value(one)]));
    return this.call("PATCH", `${this.documents}/${path}`, { fields });
  };
}

/**
 * `sdk`: the module `firebase/firestore` or its `lite`. `prefix` keeps this run's projects apart from those of others.
 * `control`: where a POST to `/stop` or `/start` ends or begins the server. `settings`: of the SDK. `groups`: which to run;
 * all of them unless given. The outcomes, by group and name of the scenario: null, or what went wrong.
 */
export async function run(sdk, { control, groups, host, port, prefix, settings = {} }) {
  const all = sdk.onSnapshot ? FULL : LITE;
  const outcomes = {};
  let number = 0;
  for (const group of groups ?? Object.keys(all)) {
    outcomes[group] = {};
    for (const [name, scenario] of Object.entries(all[group])) {
      const projectId = `${prefix}-${(number += 1)}`;
      const began = Date.now();
      outcomes[group][name] = await outcome(scenario, { control, host, port, projectId, sdk, settings });
      console.error(outcomes[group][name] ? "not ok" : "ok", group, name, Date.now() - began);
    }
  }
  return outcomes;
}

async function outcome(scenario, { control, host, port, projectId, sdk, settings }) {
  const apps = [];
  const open = (options, database) => {
    const app = initializeApp({ apiKey: "any", projectId }, `${projectId}-${apps.length}`);
    apps.push(app);
    const db = sdk.initializeFirestore(app, settings, database);
    sdk.connectFirestoreEmulator(db, host, port, options);
    return db;
  };
  const rest = new Rest(`http://${host}:${port}`, projectId);
  const restart = async (meanwhile) => {
    await fetch(`${control}/stop`, { method: "POST" });
    await fetch(`${control}/start`, { method: "POST" });
    await meanwhile();
  };
  try {
    await scenario({ db: open(), open, rest, restart, sdk });
    return null;
  } catch (error) {
    return String(error.stack ?? error);
  } finally {
    await Promise.all(apps.map(deleteApp));
  }
}
