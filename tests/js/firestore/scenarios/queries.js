import { equal, ok } from "../expect.js";

const CITIES = {
  BJ: { country: "China", population: 21_500_000, regions: ["jingjinji", "hebei"], size: { km2: 16_411 } },
  DC: { country: "USA", population: 680_000, regions: ["east_coast"], size: { km2: 177 } },
  LA: { country: "USA", population: 3_900_000, regions: ["west_coast", "socal"], size: { km2: 1_299 } },
  SF: { country: "USA", population: 860_000, regions: ["west_coast", "norcal"], size: { km2: 121 } },
  TOK: { country: "Japan", population: 9_000_000, regions: ["kanto", "honshu"], size: { km2: 2_194 } },
};

async function cities({ sdk, db }) {
  const batch = sdk.writeBatch(db);
  for (const [id, city] of Object.entries(CITIES)) batch.set(sdk.doc(db, "cities", id), city);
  await batch.commit();
  const all = sdk.collection(db, "cities");
  const ids = async (...constraints) => (await sdk.getDocs(sdk.query(all, ...constraints))).docs.map((one) => one.id);
  return { all, ids };
}

export const queries = {
  async "filters find what they say"({ sdk, db }) {
    const { ids } = await cities({ sdk, db });
    const { documentId, where } = sdk;
    equal(await ids(where("country", "==", "USA")), ["DC", "LA", "SF"]);
    equal(await ids(where("country", "!=", "USA")), ["BJ", "TOK"]);
    equal(await ids(where("population", ">", 860_000), where("population", "<=", 9_000_000)), ["LA", "TOK"]);
    equal(await ids(where("country", "in", ["Japan", "China"])), ["BJ", "TOK"]);
    equal(await ids(where("country", "not-in", ["Japan", "China"])), ["DC", "LA", "SF"]);
    equal(await ids(where("regions", "array-contains", "west_coast")), ["LA", "SF"]);
    equal(await ids(where("regions", "array-contains-any", ["kanto", "norcal"])), ["SF", "TOK"]);
    equal(await ids(where("size.km2", "<", 200)), ["SF", "DC"]);
    equal(await ids(where(documentId(), ">=", "LA"), where(documentId(), "<", "TOK")), ["LA", "SF"]);
    equal(await ids(where("nowhere", "==", null)), []);
  },

  async "alternatives are joined"({ sdk, db }) {
    const { ids } = await cities({ sdk, db });
    const { and, or, where } = sdk;
    equal(await ids(or(where("country", "==", "Japan"), where("regions", "array-contains", "norcal"))), ["SF", "TOK"]);
    const usa = where("country", "==", "USA");
    const coasts = or(where("regions", "array-contains", "east_coast"), where("regions", "array-contains", "socal"));
    equal(await ids(and(usa, coasts)), ["DC", "LA"]);
  },

  async "orders, limits and cursors make pages"({ sdk, db }) {
    const { all, ids } = await cities({ sdk, db });
    const { doc, endAt, endBefore, getDoc, getDocs, limit, limitToLast, orderBy, query, startAfter, startAt } = sdk;
    equal(await ids(orderBy("population", "desc"), limit(2)), ["BJ", "TOK"]);
    equal(await ids(orderBy("population"), limitToLast(2)), ["TOK", "BJ"]);
    equal(await ids(orderBy("population"), startAt(3_900_000)), ["LA", "TOK", "BJ"]);
    equal(await ids(orderBy("population"), startAfter(860_000), endBefore(21_500_000)), ["LA", "TOK"]);
    equal(await ids(orderBy("population"), endAt(await getDoc(doc(all, "SF")))), ["DC", "SF"]);
    const seen = [];
    for (let after = []; ; ) {
      const page = await getDocs(query(all, orderBy("country"), ...after, limit(2)));
      if (page.empty) break;
      seen.push(...page.docs.map((one) => one.id));
      after = [startAfter(page.docs.at(-1))];
    }
    equal(seen, ["BJ", "TOK", "DC", "LA", "SF"]);
  },

  async "a group finds collections at any depth"({ sdk, db }) {
    const { collectionGroup, doc, documentId, getDocs, limit, orderBy, query, setDoc, startAt } = sdk;
    await setDoc(doc(db, "cities/SF/landmarks/bridge"), { type: "bridge" });
    await setDoc(doc(db, "landmarks/tower"), { type: "tower" });
    await setDoc(doc(db, "a/b/c/d/landmarks/hall"), { type: "hall" });
    const group = collectionGroup(db, "landmarks");
    equal((await getDocs(group)).docs.map((one) => one.id), ["hall", "bridge", "tower"]);
    const inside = query(group, orderBy(documentId()), startAt("cities/SF/landmarks/a"), limit(1));
    equal((await getDocs(inside)).docs[0].ref.path, "cities/SF/landmarks/bridge");
  },

  async "aggregations count, add and average"({ sdk, db }) {
    const { all } = await cities({ sdk, db });
    const { average, count, query, sum, where } = sdk;
    const getCount = sdk.getCountFromServer ?? sdk.getCount;
    const aggregate = sdk.getAggregateFromServer ?? sdk.getAggregate;
    equal((await getCount(query(all, where("country", "==", "USA")))).data().count, 3);
    const found = await aggregate(all, { mean: average("population"), people: sum("population"), total: count() });
    equal(found.data(), { mean: 7_188_000, people: 35_940_000, total: 5 });
    const none = await aggregate(query(all, where("size.km2", ">", 1e6)), { mean: average("size.km2"), total: count() });
    equal(none.data(), { mean: null, total: 0 });
  },

  async "a result of many documents comes whole and in order"({ sdk, db }) {
    const { collection, doc, getDocs, orderBy, query, writeBatch } = sdk;
    const text = "x".repeat(2_000);
    for (let start = 0; start < 1_000; start += 500) {
      const batch = writeBatch(db);
      for (let n = start; n < start + 500; n += 1) batch.set(doc(db, `many/d${n}`), { n, text });
      await batch.commit();
    }
    const { docs } = await getDocs(query(collection(db, "many"), orderBy("n")));
    equal(docs.length, 1_000);
    ok(docs.every((one, n) => one.get("n") === n && one.get("text") === text), "each is in its place");
  },
};
