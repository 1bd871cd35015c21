import { equal, Heard, rejects } from "../expect.js";

const RULES = `
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /public/{id} { allow read: if true; allow write: if false; }
    match /users/{uid} { allow read, write: if request.auth.uid == uid; }
    match /posts/{id} { allow read: if resource.data.open == true; }
  }
}`;

export const rules = {
  async "who is not signed in may do what is public"({ sdk, db, rest }) {
    const { doc, getDoc, setDoc } = sdk;
    await rest.rules(RULES);
    await rest.set("public/a", { n: 1 });
    equal((await getDoc(doc(db, "public/a"))).get("n"), 1);
    await rejects(setDoc(doc(db, "public/a"), { n: 2 }), "permission-denied");
    await rejects(getDoc(doc(db, "users/ann")), "permission-denied");
  },

  async "who is signed in may do what is theirs"({ sdk, open, rest }) {
    const { doc, getDoc, setDoc } = sdk;
    await rest.rules(RULES);
    const db = open({ mockUserToken: { sub: "ann" } });
    await setDoc(doc(db, "users/ann"), { name: "Ann" });
    equal((await getDoc(doc(db, "users/ann"))).get("name"), "Ann");
    await rejects(getDoc(doc(db, "users/bob")), "permission-denied");
  },

  async "rules are not filters"({ sdk, db, rest }) {
    const { collection, getDocs, query, where } = sdk;
    await rest.rules(RULES);
    await rest.set("posts/a", { open: true });
    await rest.set("posts/b", { open: false });
    const posts = collection(db, "posts");
    equal((await getDocs(query(posts, where("open", "==", true)))).size, 1);
    await rejects(getDocs(posts), "permission-denied");
  },
};

export const listenerRules = {
  async "a listener that the rules refuse hears so"({ sdk, db, rest }) {
    const { collection, onSnapshot } = sdk;
    await rest.rules(RULES);
    const heard = new Heard();
    onSnapshot(collection(db, "users"), heard.take, heard.fail);
    await rejects(heard.until(() => true), "permission-denied");
  },
};
