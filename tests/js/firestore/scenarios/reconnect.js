import { equal, Heard } from "../expect.js";

export const reconnect = {
  async "a listener goes on after the server was away, with what it missed"({ sdk, db, rest, restart }) {
    const { collection, orderBy, query, setDoc, doc } = sdk;
    for (const n of [1, 2, 3]) await rest.set(`c/d${n}`, { n });
    const heard = new Heard();
    const stop = sdk.onSnapshot(query(collection(db, "c"), orderBy("n")), heard.take, heard.fail);
    await heard.until((one) => one.size === 3 && !one.metadata.fromCache);
    await restart(async () => {
      await rest.set("c/d1", { n: 10 });
      await rest.set("c/d4", { n: 4 });
      await rest.remove("c/d2");
    });
    const after = await heard.until((one) => one.docs.map(({ id }) => id).join() === "d3,d4,d1");
    equal(after.docs.map((one) => one.get("n")), [3, 4, 10]);
    await setDoc(doc(db, "c/d5"), { n: 50 });
    await heard.until((one) => one.size === 4);
    stop();
  },

  async "a client that was offline hears of what was deleted meanwhile"({ sdk, db, rest }) {
    const { collection, disableNetwork, enableNetwork } = sdk;
    for (const n of [1, 2, 3]) await rest.set(`c/d${n}`, { n });
    const heard = new Heard();
    const stop = sdk.onSnapshot(collection(db, "c"), heard.take, heard.fail);
    await heard.until((one) => one.size === 3 && !one.metadata.fromCache);
    await disableNetwork(db);
    await rest.remove("c/d2");
    await rest.set("c/d4", { n: 4 });
    await enableNetwork(db);
    await heard.until((one) => one.docs.map(({ id }) => id).join() === "d1,d3,d4");
    stop();
  },

  async "writes made offline arrive later, in their order"({ sdk, db, rest }) {
    const { disableNetwork, doc, enableNetwork, increment, setDoc, updateDoc, waitForPendingWrites } = sdk;
    await disableNetwork(db);
    const ref = doc(db, "c/d");
    const writes = [setDoc(ref, { n: 1 }), updateDoc(ref, { n: increment(2) }), updateDoc(ref, { done: true })];
    await enableNetwork(db);
    await Promise.all([...writes, waitForPendingWrites(db)]);
    const { fields } = await rest.get("c/d");
    equal([fields.n.integerValue, fields.done.booleanValue], ["3", true]);
  },
};
