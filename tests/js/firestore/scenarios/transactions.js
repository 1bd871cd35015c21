import { equal, ok, rejects } from "../expect.js";

export const transactions = {
  async "a transaction reads and writes"({ sdk, db }) {
    const { doc, getDoc, runTransaction, setDoc } = sdk;
    await setDoc(doc(db, "accounts/a"), { money: 10 });
    const moved = await runTransaction(db, async (transaction) => {
      const from = await transaction.get(doc(db, "accounts/a"));
      const to = await transaction.get(doc(db, "accounts/b"));
      equal(to.exists(), false);
      transaction.update(from.ref, { money: from.get("money") - 3 });
      transaction.set(doc(db, "accounts/b"), { money: 3 });
      return 3;
    });
    equal(moved, 3);
    equal((await getDoc(doc(db, "accounts/a"))).get("money"), 7);
    equal((await getDoc(doc(db, "accounts/b"))).get("money"), 3);
  },

  async "transactions that meet are made one after the other"({ sdk, db }) {
    const { doc, getDoc, runTransaction, setDoc } = sdk;
    const ref = doc(db, "c/counter");
    await setDoc(ref, { n: 0 });
    const add = () =>
      runTransaction(
        db,
        async (transaction) => {
          const { n } = (await transaction.get(ref)).data();
          transaction.update(ref, { n: n + 1 });
        },
        { maxAttempts: 30 },
      );
    await Promise.all(Array.from({ length: 4 }, add));
    equal((await getDoc(ref)).get("n"), 4);
  },

  async "a transaction is tried again when what it read has changed"({ sdk, db }) {
    const { doc, getDoc, runTransaction, setDoc } = sdk;
    const ref = doc(db, "c/d");
    await setDoc(ref, { n: 1 });
    let tries = 0;
    await runTransaction(db, async (transaction) => {
      tries += 1;
      const { n } = (await transaction.get(ref)).data();
      if (tries === 1) await setDoc(ref, { n: 10 });
      transaction.update(ref, { n: n + 1 });
    });
    equal((await getDoc(ref)).get("n"), 11);
    ok(tries === 2, `tried ${tries} times`);
  },

  async "what a transaction only reads is verified as well"({ sdk, db }) {
    const { doc, getDoc, runTransaction, setDoc } = sdk;
    const [read, written] = [doc(db, "c/read"), doc(db, "c/written")];
    await setDoc(read, { n: 1 });
    let tries = 0;
    await runTransaction(db, async (transaction) => {
      tries += 1;
      const { n } = (await transaction.get(read)).data();
      if (tries === 1) await setDoc(read, { n: 2 });
      transaction.set(written, { copy: n });
    });
    equal((await getDoc(written)).get("copy"), 2);
  },

  async "a transaction that fails writes nothing"({ sdk, db }) {
    const { doc, getDoc, runTransaction } = sdk;
    const ref = doc(db, "c/d");
    const failing = runTransaction(db, async (transaction) => {
      transaction.set(ref, { n: 1 });
      throw Object.assign(new Error("changed my mind"), { code: "mine" });
    });
    await rejects(failing, "mine");
    equal((await getDoc(ref)).exists(), false);
  },
};
