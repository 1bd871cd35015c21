// The official web SDK, unmodified, against the Auth server at AUTH_EMULATOR_URL.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { deleteApp, initializeApp } from "firebase/app";
import {
  applyActionCode,
  confirmPasswordReset,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  deleteUser,
  EmailAuthProvider,
  getAuth,
  isSignInWithEmailLink,
  linkWithCredential,
  sendEmailVerification,
  sendPasswordResetEmail,
  sendSignInLinkToEmail,
  signInAnonymously,
  signInWithCustomToken,
  signInWithEmailAndPassword,
  signInWithEmailLink,
  signOut,
  updatePassword,
  updateProfile,
  validatePassword,
  verifyPasswordResetCode,
} from "firebase/auth";

const url = process.env.AUTH_EMULATOR_URL;
const projectId = process.env.AUTH_EMULATOR_PROJECT;
assert.ok(url && projectId, "AUTH_EMULATOR_URL and AUTH_EMULATOR_PROJECT name the server to test");

const app = initializeApp({ apiKey: "any", projectId });
const auth = getAuth(app);
connectAuthEmulator(auth, url, { disableWarnings: true });
const password = "a long password";

beforeEach(async () => {
  await signOut(auth);
  await fetch(`${url}/emulator/v1/projects/${projectId}/accounts`, { method: "DELETE" });
});
after(() => deleteApp(app));

async function lastCode() {
  const { oobCodes } = await (await fetch(`${url}/emulator/v1/projects/${projectId}/oobCodes`)).json();
  return oobCodes.at(-1);
}

const refusedWith = (code) => (error) => error.code === code;

test("a user signs up, signs in again, and the token has the claims of production", async () => {
  const { user } = await createUserWithEmailAndPassword(auth, "Ann@Secura.com", password);
  await updateProfile(user, { displayName: "Ann", photoURL: "https://example.org/ann.png" });
  await signOut(auth);
  const again = await signInWithEmailAndPassword(auth, "ann@secura.com", password);
  assert.equal(again.user.uid, user.uid);
  assert.equal(again.user.displayName, "Ann");
  const { claims, signInProvider, expirationTime, issuedAtTime } = await again.user.getIdTokenResult();
  assert.equal(signInProvider, "password");
  assert.equal(Date.parse(expirationTime) - Date.parse(issuedAtTime), 3600_000);
  assert.equal(claims.iss, `https://securetoken.google.com/${projectId}`);
  assert.equal(claims.aud, projectId);
  assert.equal(claims.sub, user.uid);
  assert.equal(claims.user_id, user.uid);
  assert.equal(claims.name, "Ann");
  assert.equal(claims.email, "ann@secura.com");
  assert.equal(claims.email_verified, false);
  assert.deepEqual(claims.firebase, { identities: { email: ["ann@secura.com"] }, sign_in_provider: "password" });
});

test("a token is refreshed and carries claims that an administrator set since", async () => {
  const { user } = await createUserWithEmailAndPassword(auth, "ann@secura.com", password);
  const answer = await fetch(`${url}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:update`, {
    method: "POST",
    headers: { Authorization: "Bearer owner", "Content-Type": "application/json" },
    body: JSON.stringify({ localId: user.uid, customAttributes: JSON.stringify({ role: "admin" }) }),
  });
  assert.equal(answer.status, 200);
  assert.equal((await user.getIdTokenResult()).claims.role, undefined);
  assert.equal((await user.getIdTokenResult(true)).claims.role, "admin");
});

test("refusals become the SDK's own errors", async () => {
  await createUserWithEmailAndPassword(auth, "ann@secura.com", password);
  const attempts = [
    [() => createUserWithEmailAndPassword(auth, "ann@secura.com", password), "auth/email-already-in-use"],
    [() => createUserWithEmailAndPassword(auth, "nobody", password), "auth/invalid-email"],
    [() => createUserWithEmailAndPassword(auth, "bob@secura.com", "short"), "auth/weak-password"],
    [() => signInWithEmailAndPassword(auth, "ann@secura.com", "wrong password"), "auth/invalid-credential"],
    [() => signInWithEmailAndPassword(auth, "bob@secura.com", password), "auth/invalid-credential"],
    [() => applyActionCode(auth, "made up"), "auth/invalid-action-code"],
    [() => signInWithCustomToken(auth, "made up"), "auth/invalid-custom-token"],
  ];
  for (const [attempt, code] of attempts) await assert.rejects(attempt, refusedWith(code), code);
});

test("an anonymous user keeps the account when a password is added", async () => {
  const { user } = await signInAnonymously(auth);
  assert.equal(user.isAnonymous, true);
  const linked = await linkWithCredential(user, EmailAuthProvider.credential("ann@secura.com", password));
  assert.equal(linked.user.uid, user.uid);
  assert.equal(linked.user.isAnonymous, false);
  assert.equal((await signInWithEmailAndPassword(auth, "ann@secura.com", password)).user.uid, user.uid);
});

test("an address is verified by the code that was sent", async () => {
  const { user } = await createUserWithEmailAndPassword(auth, "ann@secura.com", password);
  await sendEmailVerification(user);
  await applyActionCode(auth, (await lastCode()).oobCode);
  await user.reload();
  assert.equal(user.emailVerified, true);
});

test("a forgotten password is replaced by the code that was sent", async () => {
  await createUserWithEmailAndPassword(auth, "ann@secura.com", password);
  await sendPasswordResetEmail(auth, "ann@secura.com");
  const { oobCode } = await lastCode();
  assert.equal(await verifyPasswordResetCode(auth, oobCode), "ann@secura.com");
  await confirmPasswordReset(auth, oobCode, "another password");
  await signInWithEmailAndPassword(auth, "ann@secura.com", "another password");
  await assert.rejects(confirmPasswordReset(auth, oobCode, password), refusedWith("auth/invalid-action-code"));
});

test("a link signs in without a password", async () => {
  await sendSignInLinkToEmail(auth, "ann@secura.com", { url: "http://localhost:5000/done", handleCodeInApp: true });
  const { oobLink } = await lastCode();
  assert.equal(isSignInWithEmailLink(auth, oobLink), true);
  const { user } = await signInWithEmailLink(auth, "ann@secura.com", oobLink);
  assert.equal(user.emailVerified, true);
});

test("a changed password goes on with the same session and ends the old one", async () => {
  const { user } = await createUserWithEmailAndPassword(auth, "ann@secura.com", password);
  const before = user.refreshToken;
  await updatePassword(user, "another password");
  assert.notEqual(user.refreshToken, before);
  await user.getIdToken(true);
  const answer = await fetch(`${url}/securetoken.googleapis.com/v1/token?key=any`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: before }),
  });
  assert.equal((await answer.json()).error.message, "TOKEN_EXPIRED");
});

test("the password policy can be asked for", async () => {
  assert.equal((await validatePassword(auth, "short")).isValid, false);
  assert.equal((await validatePassword(auth, password)).isValid, true);
});

test("a deleted user cannot refresh or sign in", async () => {
  const { user } = await createUserWithEmailAndPassword(auth, "ann@secura.com", password);
  await deleteUser(user);
  await assert.rejects(signInWithEmailAndPassword(auth, "ann@secura.com", password), refusedWith("auth/invalid-credential"));
});
