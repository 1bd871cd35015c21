import { equal, ok, rejects } from "../expect.js";

export const documents = {
  async "a document is written, read, updated and deleted"({ sdk, db }) {
    const { deleteDoc, deleteField, doc, getDoc, setDoc, updateDoc } = sdk;
    const ref = doc(db, "incidents/i1");
    equal((await getDoc(ref)).exists(), false);
    await setDoc(ref, { title: "Phishing", nested: { a: 1, b: 2 }, gone: true });
    await updateDoc(ref, { "nested.a": 3, status: "open", gone: deleteField() });
    equal((await getDoc(ref)).data(), { nested: { a: 3, b: 2 }, status: "open", title: "Phishing" });
    await deleteDoc(ref);
    equal((await getDoc(ref)).exists(), false);
  },

  async "a document with an id of the client is added"({ sdk, db }) {
    const { addDoc, collection, getDoc } = sdk;
    const ref = await addDoc(collection(db, "incidents"), { n: 1 });
    equal(ref.id.length, 20);
    equal((await getDoc(ref)).get("n"), 1);
  },

  async "a merge leaves what it does not name"({ sdk, db }) {
    const { doc, getDoc, setDoc } = sdk;
    const ref = doc(db, "c/d");
    await setDoc(ref, { a: 1, map: { x: 1, y: 1 } });
    await setDoc(ref, { map: { x: 2 } }, { merge: true });
    await setDoc(ref, { a: 9, map: { y: 3 } }, { mergeFields: ["map.y"] });
    equal((await getDoc(ref)).data(), { a: 1, map: { x: 2, y: 3 } });
  },

  async "every type of value comes back as it was"({ sdk, db }) {
    const { Bytes, doc, GeoPoint, getDoc, setDoc, Timestamp, vector } = sdk;
    const value = {
      bytes: Bytes.fromUint8Array(new Uint8Array([0, 255, 128])),
      date: Timestamp.fromMillis(1_700_000_000_123),
      empty: { list: [], map: {}, text: "" },
      fraction: 0.1,
      geo: new GeoPoint(52.5, -13.4),
      huge: Number.MAX_SAFE_INTEGER,
      infinite: -Infinity,
      list: [1, "two", null, { three: [3] }],
      nan: NaN,
      no: false,
      nothing: null,
      ref: doc(db, "other/document"),
      text: "Grüße, 世界 🦊 \u0000 \u2028 \"quoted\" \\ ' </script>",
      vector: vector([1, 2.5, -3]),
      zero: -0,
    };
    await setDoc(doc(db, "c/values"), value);
    const read = (await getDoc(doc(db, "c/values"))).data();
    equal(Object.keys(read).sort(), Object.keys(value).sort());
    ok(read.bytes.isEqual(value.bytes) && read.geo.isEqual(value.geo) && read.date.isEqual(value.date), "objects");
    ok(read.vector.isEqual(value.vector), "the vector");
    equal(read.ref.path, "other/document");
    for (const name of ["fraction", "huge", "infinite", "nan", "no", "nothing", "text", "zero"]) equal(read[name], value[name], name);
    for (const name of ["empty", "list"]) equal(read[name], value[name], name);
  },

  async "names of any characters work"({ sdk, db }) {
    const { collection, doc, FieldPath, getDoc, getDocs, setDoc, updateDoc } = sdk;
    const ref = doc(db, "Größe/a b:c+d%2Fé🦊?x=1&y#z");
    await setDoc(ref, { "a.b": 1 });
    await updateDoc(ref, new FieldPath("a.b"), 2, new FieldPath("`", "\\"), 3);
    equal((await getDoc(ref)).get(new FieldPath("a.b")), 2);
    equal((await getDoc(ref)).get(new FieldPath("`", "\\")), 3);
    equal((await getDocs(collection(db, "Größe"))).docs[0].id, ref.id);
  },

  async "the server puts in times, sums and elements"({ sdk, db }) {
    const { arrayRemove, arrayUnion, doc, getDoc, increment, serverTimestamp, setDoc, updateDoc } = sdk;
    const ref = doc(db, "c/d");
    await setDoc(ref, { at: serverTimestamp(), count: 1, tags: ["a", "b"] });
    await updateDoc(ref, { count: increment(41), tags: arrayUnion("b", "c") });
    await updateDoc(ref, { ratio: increment(0.5), tags: arrayRemove("a") });
    const { at, count, ratio, tags } = (await getDoc(ref)).data();
    equal([count, ratio, tags], [42, 0.5, ["b", "c"]]);
    ok(Math.abs(at.toMillis() - Date.now()) < 60_000, "the time is now");
  },

  async "a batch is written whole or not at all"({ sdk, db }) {
    const { collection, doc, getDocs, writeBatch } = sdk;
    const batch = writeBatch(db);
    for (let n = 0; n < 100; n += 1) batch.set(doc(db, `c/d${n}`), { n });
    batch.update(doc(db, "c/d1"), { n: -1 });
    batch.delete(doc(db, "c/d2"));
    await batch.commit();
    const second = writeBatch(db);
    second.set(doc(db, "c/more"), {});
    second.update(doc(db, "c/missing"), { n: 1 });
    await rejects(second.commit(), "not-found");
    equal((await getDocs(collection(db, "c"))).size, 99);
  },

  async "documents of almost a megabyte are written and read"({ sdk, db }) {
    const { collection, doc, getDoc, getDocs, setDoc } = sdk;
    const text = "ü".repeat(490_000);
    for (const id of ["a", "b", "c"]) await setDoc(doc(db, "large", id), { text });
    ok((await getDoc(doc(db, "large/b"))).get("text") === text, "the text comes back");
    equal((await getDocs(collection(db, "large"))).size, 3);
  },

  async "every database of a project is its own"({ sdk, db, open }) {
    const { doc, getDoc, setDoc } = sdk;
    const other = open({}, "other");
    await setDoc(doc(db, "c/d"), { n: 1 });
    await setDoc(doc(other, "c/d"), { n: 2 });
    equal([(await getDoc(doc(db, "c/d"))).get("n"), (await getDoc(doc(other, "c/d"))).get("n")], [1, 2]);
  },

  async "refusals have production's codes"({ sdk, db }) {
    const { doc, setDoc, updateDoc } = sdk;
    await rejects(updateDoc(doc(db, "c/missing"), { a: 1 }), "not-found");
    // The lite SDK looks at HTTP's status only, and takes every 400 for this.
    const code = sdk.onSnapshot ? "invalid-argument" : "failed-precondition";
    await rejects(setDoc(doc(db, "c/large"), { text: "x".repeat(1 << 20) }), code);
  },
};
