// Firebase's library for testing rules, unmodified, against the Storage server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertFails, assertSucceeds, initializeTestEnvironment } from "@firebase/rules-unit-testing";
import {
  deleteObject,
  getBytes,
  getMetadata,
  listAll,
  ref,
  updateMetadata,
  uploadBytesResumable,
  uploadString,
} from "firebase/storage";

const { STORAGE_EMULATOR_ADDRESS, STORAGE_EMULATOR_PROJECT: projectId } = process.env;
assert.ok(STORAGE_EMULATOR_ADDRESS && projectId, "the server to test is named by variables");
const [host, port] = STORAGE_EMULATOR_ADDRESS.split(":");
const rules = `
rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /users/{uid}/{name=**} {
      allow read, write: if request.auth.uid == uid && request.auth.token.role == 'member';
    }
  }
}`;

let environment;
before(async () => {
  environment = await initializeTestEnvironment({ projectId, storage: { host, port: Number(port), rules } });
});
after(() => environment.cleanup());

test("contexts are allowed and denied as the rules say", async () => {
  await environment.withSecurityRulesDisabled(async (context) => {
    await uploadString(ref(context.storage(), "users/ann/seed"), "seed");
    await uploadString(ref(context.storage(), "top"), "seed");
  });
  const ann = environment.authenticatedContext("ann", { role: "member" }).storage();
  const bob = environment.authenticatedContext("bob", { role: "member" }).storage();
  const guest = environment.authenticatedContext("ann", { role: "guest" }).storage();
  const nobody = environment.unauthenticatedContext().storage();
  await assertSucceeds(getBytes(ref(ann, "users/ann/seed")));
  for (const storage of [bob, guest, nobody]) {
    await assertFails(getBytes(ref(storage, "users/ann/seed")));
    await assertFails(uploadString(ref(storage, "users/ann/new"), "x"));
    await assertFails(listAll(ref(storage, "users/ann")));
  }
  await assertSucceeds(uploadBytesResumable(ref(ann, "users/ann/new"), new Uint8Array(700_000)).then());
  await assertSucceeds(listAll(ref(ann, "users/ann")));
  await assertSucceeds(updateMetadata(ref(ann, "users/ann/new"), { customMetadata: { a: "b" } }));
  await assertSucceeds(deleteObject(ref(ann, "users/ann/new")));
  await environment.clearStorage();
  await environment.withSecurityRulesDisabled(async (context) => {
    await assert.rejects(getMetadata(ref(context.storage(), "top")), { code: "storage/object-not-found" });
  });
});

test("rules that do not compile are refused with their place", async () => {
  const storage = { host, port: Number(port), rules: "service firebase.storage {" };
  await assert.rejects(initializeTestEnvironment({ projectId, storage }), /storage\.rules:1:\d+ /);
});
