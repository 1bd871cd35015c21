import { equal, Heard, ok } from "../expect.js";

const changes = (snapshot) => snapshot.docChanges().map(({ doc, oldIndex, newIndex, type }) => [type, doc.id, oldIndex, newIndex]);

function listen(sdk, target, options = {}) {
  const heard = new Heard();
  heard.stop = sdk.onSnapshot(target, options, heard.take, heard.fail);
  return heard;
}

export const listeners = {
  async "a query hears what is added, modified and removed"({ sdk, db, rest }) {
    const { collection, orderBy, query } = sdk;
    const heard = listen(sdk, query(collection(db, "c"), orderBy("n")));
    equal((await heard.until(() => true)).size, 0);
    await rest.set("c/a", { n: 1 });
    equal(changes(await heard.until((one) => one.size === 1)), [["added", "a", -1, 0]]);
    await rest.set("c/b", { n: 2 });
    equal(changes(await heard.until((one) => one.size === 2)), [["added", "b", -1, 1]]);
    await rest.set("c/a", { n: 3 });
    equal(changes(await heard.until((one) => one.docs[0].id === "b")), [["modified", "a", 0, 1]]);
    await rest.remove("c/b");
    equal(changes(await heard.until((one) => one.size === 1)), [["removed", "b", 0, -1]]);
    heard.stop();
  },

  async "a document hears that it is made, changed and deleted"({ sdk, db, rest }) {
    const heard = listen(sdk, sdk.doc(db, "c/d"));
    equal((await heard.until(() => true)).exists(), false);
    await rest.set("c/d", { text: "Grüße 🦊" });
    await heard.until((one) => one.get("text") === "Grüße 🦊");
    await rest.remove("c/d");
    await heard.until((one) => !one.exists());
    heard.stop();
  },

  async "a write of one's own is heard at once, and again when the server has it"({ sdk, db }) {
    const { doc, serverTimestamp, setDoc } = sdk;
    const ref = doc(db, "c/d");
    const heard = listen(sdk, ref, { includeMetadataChanges: true });
    await heard.until((one) => !one.metadata.fromCache);
    const written = setDoc(ref, { n: 1, at: serverTimestamp() });
    const early = await heard.until((one) => one.exists());
    equal([early.metadata.hasPendingWrites, early.get("at")], [true, null]);
    await written;
    const late = await heard.until((one) => !one.metadata.hasPendingWrites);
    equal([late.get("n"), late.metadata.fromCache], [1, false]);
    ok(late.get("at").toMillis() > 0, "the server's time has come");
    heard.stop();
  },

  async "a write that the server refuses is taken back"({ sdk, db, rest }) {
    const { doc, updateDoc } = sdk;
    const ref = doc(db, "c/d");
    await rest.set("c/d", { n: 1 });
    const heard = listen(sdk, ref);
    await heard.until((one) => one.get("n") === 1 && !one.metadata.fromCache);
    await rest.remove("c/d");
    await heard.until((one) => !one.exists());
    let code;
    await updateDoc(ref, { n: 2 }).catch((error) => ({ code } = error));
    equal(code, "not-found");
    heard.stop();
  },

  async "a limited query fills up when one of its documents leaves"({ sdk, db, rest }) {
    const { collection, limit, orderBy, query } = sdk;
    for (const n of [1, 2, 3]) await rest.set(`c/d${n}`, { n });
    const heard = listen(sdk, query(collection(db, "c"), orderBy("n"), limit(2)));
    await heard.until((one) => one.size === 2 && !one.metadata.fromCache);
    await rest.remove("c/d1");
    const after = await heard.until((one) => one.docs.map(({ id }) => id).join() === "d2,d3");
    equal(after.size, 2);
    heard.stop();
  },

  async "many listeners each hear their own"({ sdk, db, rest }) {
    const { collection, doc, query, where } = sdk;
    const singles = Array.from({ length: 20 }, (_, n) => listen(sdk, doc(db, `c/d${n}`)));
    const even = listen(sdk, query(collection(db, "c"), where("even", "==", true)));
    await Promise.all(singles.map((heard) => heard.until((one) => !one.metadata.fromCache)));
    await Promise.all(singles.map((_, n) => rest.set(`c/d${n}`, { even: n % 2 === 0, n })));
    await Promise.all(singles.map((heard, n) => heard.until((one) => one.get("n") === n)));
    await even.until((one) => one.size === 10);
    singles[3].stop();
    await rest.set("c/d3", { even: true });
    await even.until((one) => one.size === 11);
    equal(singles[3].all.length, 0, "a stopped listener");
    for (const heard of [...singles, even]) heard.stop();
  },

  async "a listener's first result may be large"({ sdk, db, rest }) {
    const { collection } = sdk;
    const text = "ü".repeat(40_000);
    for (let n = 0; n < 60; n += 1) await rest.set(`c/d${n}`, { text });
    const heard = listen(sdk, collection(db, "c"));
    const all = await heard.until((one) => one.size === 60 && !one.metadata.fromCache);
    ok(all.docs.every((one) => one.get("text") === text), "every text is whole");
    heard.stop();
  },

  async "every write of a long row is acknowledged in order"({ sdk, db, rest }) {
    const { doc, increment, setDoc, updateDoc } = sdk;
    const ref = doc(db, "c/d");
    await setDoc(ref, { n: 0 });
    await Promise.all(Array.from({ length: 100 }, () => updateDoc(ref, { n: increment(1) })));
    equal((await rest.get("c/d")).fields.n.integerValue, "100");
  },
};
