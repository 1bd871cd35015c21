// The official web SDK, unmodified, against the Storage and Auth servers; the rules are those of test_web_sdk.py.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deleteApp, initializeApp } from "firebase/app";
import { connectAuthEmulator, createUserWithEmailAndPassword, getAuth, signOut } from "firebase/auth";
import {
  connectStorageEmulator,
  deleteObject,
  getBytes,
  getDownloadURL,
  getMetadata,
  getStorage,
  list,
  listAll,
  ref,
  updateMetadata,
  uploadBytes,
  uploadBytesResumable,
  uploadString,
} from "firebase/storage";

const { AUTH_EMULATOR_URL, STORAGE_EMULATOR_ADDRESS, STORAGE_EMULATOR_PROJECT: projectId } = process.env;
assert.ok(AUTH_EMULATOR_URL && STORAGE_EMULATOR_ADDRESS && projectId, "the servers to test are named by variables");

const app = initializeApp({ apiKey: "any", projectId, storageBucket: `${projectId}.appspot.com` });
const auth = getAuth(app);
connectAuthEmulator(auth, AUTH_EMULATOR_URL, { disableWarnings: true });
const storage = getStorage(app);
const [host, port] = STORAGE_EMULATOR_ADDRESS.split(":");
connectStorageEmulator(storage, host, Number(port));

let mine;
before(async () => {
  const { user } = await createUserWithEmailAndPassword(auth, "ann@secura.com", "a long password");
  mine = `users/${user.uid}`;
});
after(() => deleteApp(app));

const bytes = (length) => Uint8Array.from({ length }, (_, index) => index % 251);
const refusedWith = (code) => (error) => error.code === code;

test("an object is uploaded at once, described and read again", async () => {
  const object = ref(storage, `${mine}/ä b/notes.bin`);
  const content = bytes(1000);
  const { metadata } = await uploadBytes(object, content, {
    contentType: "application/x-notes",
    cacheControl: "no-store",
    customMetadata: { incident: "7" },
  });
  assert.equal(metadata.fullPath, `${mine}/ä b/notes.bin`);
  assert.equal(metadata.size, 1000);
  const again = await getMetadata(object);
  assert.equal(again.contentType, "application/x-notes");
  assert.equal(again.cacheControl, "no-store");
  assert.deepEqual(again.customMetadata, { incident: "7" });
  assert.equal(again.generation, metadata.generation);
  assert.equal(again.contentDisposition, "inline; filename*=utf-8''notes.bin");
  assert.ok(Date.parse(again.timeCreated) > 0);
  assert.deepEqual(new Uint8Array(await getBytes(object)), content);
  assert.equal((await getBytes(object, 100)).byteLength, 100);
});

test("strings are uploaded in every encoding", async () => {
  const object = ref(storage, `${mine}/text`);
  await uploadString(object, "grüße");
  assert.equal(new TextDecoder().decode(await getBytes(object)), "grüße");
  await uploadString(object, "data:text/plain;base64,aGVsbG8=", "data_url");
  assert.equal(new TextDecoder().decode(await getBytes(object)), "hello");
  assert.equal((await getMetadata(object)).contentType, "text/plain");
});

test("a large object goes up in chunks, with progress, and can be paused", async () => {
  const object = ref(storage, `${mine}/large`);
  const content = bytes(3 * 1024 * 1024 + 17);
  const task = uploadBytesResumable(object, content, { contentType: "application/zip" });
  const seen = [];
  let paused = false;
  task.on("state_changed", (snapshot) => {
    seen.push(snapshot.bytesTransferred);
    if (!paused && snapshot.state === "running" && snapshot.bytesTransferred > 0) {
      paused = true;
      task.pause();
      setImmediate(() => task.resume());
    }
  });
  const done = await task;
  assert.equal(done.metadata.size, content.length);
  assert.ok(paused && seen.length > 2);
  assert.deepEqual(new Uint8Array(await getBytes(object, content.length)), content);
});

test("an upload that is cancelled leaves no object", async () => {
  const object = ref(storage, `${mine}/cancelled`);
  const task = uploadBytesResumable(object, bytes(2 * 1024 * 1024));
  task.on("state_changed", () => task.cancel());
  await assert.rejects(task, refusedWith("storage/canceled"));
  await assert.rejects(getMetadata(object), refusedWith("storage/object-not-found"));
});

test("an empty object is an object", async () => {
  const object = ref(storage, `${mine}/empty`);
  await uploadBytesResumable(object, new Uint8Array());
  assert.equal((await getMetadata(object)).size, 0);
});

test("a download URL lets in whoever has it, and nobody else", async () => {
  const object = ref(storage, `${mine}/shared.txt`);
  await uploadString(object, "shared");
  const url = await getDownloadURL(object);
  assert.equal(await (await fetch(url)).text(), "shared");
  const part = await fetch(url, { headers: { Range: "bytes=1-3" } });
  assert.equal(part.status, 206);
  assert.equal(await part.text(), "har");
  assert.equal((await fetch(url.replace(/token=.*/, "token=guessed"))).status, 403);
});

test("metadata is changed and removed", async () => {
  const object = ref(storage, `${mine}/described`);
  await uploadString(object, "x", "raw", { customMetadata: { a: "1", b: "2" }, contentLanguage: "de" });
  const url = await getDownloadURL(object);
  const changed = await updateMetadata(object, { customMetadata: { a: null, c: "3" }, contentLanguage: null });
  assert.deepEqual(changed.customMetadata, { b: "2", c: "3" });
  assert.equal(changed.contentLanguage, undefined);
  assert.equal(changed.metageneration, "2");
  assert.equal(await getDownloadURL(object), url);
});

test("objects are listed by folder and page", async () => {
  for (const name of ["1", "2", "3", "sub/4", "sub/deeper/5", "other/6"]) {
    await uploadString(ref(storage, `${mine}/list/${name}`), name);
  }
  const folder = ref(storage, `${mine}/list`);
  const all = await listAll(folder);
  assert.deepEqual(all.items.map((one) => one.name), ["1", "2", "3"]);
  assert.deepEqual(all.prefixes.map((one) => one.name), ["other", "sub"]);
  const names = [];
  let pageToken;
  do {
    const page = await list(folder, { maxResults: 2, pageToken });
    assert.ok(page.items.length + page.prefixes.length <= 2);
    names.push(...page.items.map((one) => one.name), ...page.prefixes.map((one) => one.name));
    pageToken = page.nextPageToken;
  } while (pageToken);
  assert.deepEqual(names.sort(), ["1", "2", "3", "other", "sub"]);
});

test("a deleted object is gone", async () => {
  const object = ref(storage, `${mine}/gone`);
  await uploadString(object, "x");
  await deleteObject(object);
  await assert.rejects(getBytes(object), refusedWith("storage/object-not-found"));
  await assert.rejects(deleteObject(object), refusedWith("storage/object-not-found"));
});

test("what the rules deny is refused, and nothing of it stays", async () => {
  const other = ref(storage, "users/somebody-else/x");
  for (const attempt of [
    () => getMetadata(other),
    () => getBytes(other),
    () => getDownloadURL(other),
    () => uploadString(other, "x"),
    () => uploadBytesResumable(other, bytes(600 * 1024)),
    () => updateMetadata(other, { contentType: "text/plain" }),
    () => deleteObject(other),
    () => listAll(ref(storage, "users")),
  ]) {
    await assert.rejects(attempt, refusedWith("storage/unauthorized"), String(attempt));
  }
  await assert.rejects(uploadBytes(ref(storage, `${mine}/huge`), bytes(5 * 1024 * 1024)), refusedWith("storage/unauthorized"));
  await assert.rejects(getMetadata(ref(storage, `${mine}/huge`)), refusedWith("storage/object-not-found"));
});

test("nobody who is signed out gets in", async () => {
  await signOut(auth);
  await assert.rejects(getBytes(ref(storage, `${mine}/text`)), refusedWith("storage/unauthorized"));
  assert.deepEqual((await listAll(ref(storage, "public"))).items, []);
});
