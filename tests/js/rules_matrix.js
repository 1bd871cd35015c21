// Asks with the official web SDK what the settings on standard input list, as each persona, and prints what was allowed, in the same order.
import { readFileSync } from "node:fs";

import { deleteApp, initializeApp } from "firebase/app";
import {
  addDoc,
  collection,
  collectionGroup,
  connectFirestoreEmulator,
  deleteDoc,
  doc,
  getCountFromServer,
  getDoc,
  getDocs,
  initializeFirestore,
  onSnapshot,
  query,
  serverTimestamp,
  setDoc,
  setLogLevel,
  updateDoc,
  where,
} from "firebase/firestore";

const { host, personas, port, projectId } = JSON.parse(readFileSync(0, "utf8"));
const role = { role: "admin", updated_at: serverTimestamp() };

const operations = {
  get: (db, { target }) => getDoc(doc(db, target)),
  list: (db, asked) => getDocs(queryOf(db, asked)),
  count: (db, asked) => getCountFromServer(queryOf(db, asked)),
  "listen to a document": (db, { target }) => firstOf(doc(db, target)),
  "listen to a query": (db, asked) => firstOf(queryOf(db, asked)),
  create: (db, { target }) => addDoc(collection(db, target), role),
  set: (db, { target }) => setDoc(doc(db, target), role, { merge: true }),
  update: (db, { target }) => updateDoc(doc(db, target), role),
  delete: (db, { target }) => deleteDoc(doc(db, target)),
};

function queryOf(db, { target, filter }) {
  const all = target.startsWith("**/") ? collectionGroup(db, target.slice(3)) : collection(db, target);
  return filter ? query(all, where(...filter)) : all;
}

/** Resolves with what a listener hears first from the server, rejects if it is refused. */
function firstOf(followed) {
  return new Promise((resolve, reject) => {
    const heard = (snapshot) => snapshot.metadata.fromCache || resolve(snapshot);
    onSnapshot(followed, { includeMetadataChanges: true }, heard, reject);
  });
}

async function isAllowed(db, asked) {
  try {
    await operations[asked.operation](db, asked);
    return true;
  } catch (error) {
    if (error.code === "permission-denied") return false;
    throw error;
  }
}

setLogLevel("silent"); // a refusal that a test wants is no news
const outcomes = [];
for (const { asks, token } of personas) {
  const app = initializeApp({ projectId }, `app-${outcomes.length}`);
  const db = initializeFirestore(app, {});
  connectFirestoreEmulator(db, host, port, token ? { mockUserToken: token } : {});
  const allowed = [];
  for (const asked of asks) allowed.push(await isAllowed(db, asked));
  outcomes.push(allowed);
  await deleteApp(app);
}
console.log(JSON.stringify(outcomes));
