// The official library for tests of rules, unmodified, against the Firestore at FIRESTORE_EMULATOR_HOST.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { assertFails, assertSucceeds, initializeTestEnvironment, withFunctionTriggersDisabled } from "@firebase/rules-unit-testing";
import { collection, doc, getDoc, getDocs, query, serverTimestamp, setDoc, setLogLevel, updateDoc, where } from "firebase/firestore";

const [host, port] = process.env.FIRESTORE_EMULATOR_HOST.split(":");
const rules = `
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    function signedIn() { return request.auth != null; }
    match /incidents/{id} {
      allow read: if signedIn() && (resource.data.owner == request.auth.uid || request.auth.token.role == 'analyst');
      allow create: if signedIn()
        && request.resource.data.keys().hasOnly(['owner', 'title', 'at'])
        && request.resource.data.owner == request.auth.uid
        && request.resource.data.title is string && request.resource.data.title.size() < 100
        && request.resource.data.at == request.time;
      allow update: if get(/databases/$(database)/documents/users/$(request.auth.uid)).data.admin == true;
    }
  }
}`;

let environment;
before(async () => {
  setLogLevel("silent"); // a refusal that a test wants is no news
  environment = await initializeTestEnvironment({ projectId: "demo-rules", firestore: { host, port: Number(port), rules } });
});
beforeEach(() =>
  environment.withSecurityRulesDisabled(async (context) => {
    await setDoc(doc(context.firestore(), "incidents/hers"), { owner: "ann", title: "Phishing" });
    await setDoc(doc(context.firestore(), "incidents/his"), { owner: "bob", title: "Malware" });
    await setDoc(doc(context.firestore(), "users/root"), { admin: true });
  }),
);
afterEach(() => environment.clearFirestore());
after(() => environment.cleanup());

test("who is not signed in reads and writes nothing", async () => {
  const db = environment.unauthenticatedContext().firestore();
  await assertFails(getDoc(doc(db, "incidents/hers")));
  await assertFails(setDoc(doc(db, "incidents/new"), { title: "Spam" }));
});

test("a user reads what is theirs", async () => {
  const db = environment.authenticatedContext("ann").firestore();
  const found = await assertSucceeds(getDoc(doc(db, "incidents/hers")));
  assert.equal(found.get("title"), "Phishing");
  await assertFails(getDoc(doc(db, "incidents/his")));
});

test("a query succeeds when its filters prove that the rules allow every result", async () => {
  const incidents = collection(environment.authenticatedContext("ann").firestore(), "incidents");
  const mine = await assertSucceeds(getDocs(query(incidents, where("owner", "==", "ann"))));
  assert.equal(mine.size, 1);
  await assertFails(getDocs(incidents));
});

test("claims of the token count", async () => {
  const db = environment.authenticatedContext("eve", { role: "analyst" }).firestore();
  assert.equal((await assertSucceeds(getDocs(collection(db, "incidents")))).size, 2);
});

test("a new document is checked", async () => {
  const db = environment.authenticatedContext("ann").firestore();
  const at = serverTimestamp();
  await assertSucceeds(setDoc(doc(db, "incidents/a"), { at, owner: "ann", title: "Spam" }));
  await assertFails(setDoc(doc(db, "incidents/b"), { at, owner: "bob", title: "Spam" }));
  await assertFails(setDoc(doc(db, "incidents/c"), { at, owner: "ann", title: "Spam", severity: 1 }));
  await assertFails(setDoc(doc(db, "incidents/d"), { at: new Date(0), owner: "ann", title: "Spam" }));
});

test("rules read other documents", async () => {
  const update = (uid) => updateDoc(doc(environment.authenticatedContext(uid).firestore(), "incidents/hers"), { title: "x" });
  await assertSucceeds(update("root"));
  await assertFails(update("ann"));
});

test("everything is cleared", async () => {
  await environment.clearFirestore();
  await environment.withSecurityRulesDisabled(async (context) => {
    assert.equal((await getDocs(collection(context.firestore(), "incidents"))).size, 0);
  });
});

test("rules that are malformed are refused", async () => {
  const broken = { host, port: Number(port), rules: "service cloud.firestore { match /x { allow fly; } }" };
  await assert.rejects(initializeTestEnvironment({ projectId: "demo-broken", firestore: broken }));
});

test("without a hub, functions cannot be switched off", async () => {
  await assert.rejects(withFunctionTriggersDisabled(async () => null));
});
