// Authenticator apps as second factor: the official web SDK, unmodified, against the Auth server at AUTH_EMULATOR_URL.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, beforeEach, test } from "node:test";
import { deleteApp, initializeApp } from "firebase/app";
import {
  applyActionCode,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  EmailAuthProvider,
  getAuth,
  getMultiFactorResolver,
  multiFactor,
  reauthenticateWithCredential,
  sendEmailVerification,
  signInWithEmailAndPassword,
  signOut,
  TotpMultiFactorGenerator,
  updatePassword,
} from "firebase/auth";

const url = process.env.AUTH_EMULATOR_URL;
const projectId = process.env.AUTH_EMULATOR_PROJECT;
assert.ok(url && projectId, "AUTH_EMULATOR_URL and AUTH_EMULATOR_PROJECT name the server to test");

const app = initializeApp({ apiKey: "any", projectId });
const auth = getAuth(app);
connectAuthEmulator(auth, url, { disableWarnings: true });
const email = "ann@secura.com";
const password = "a long password";

beforeEach(async () => {
  await signOut(auth);
  await fetch(`${url}/emulator/v1/projects/${projectId}/accounts`, { method: "DELETE" });
});
after(() => deleteApp(app));

const refusedWith = (code) => (error) => error.code === code;

/** What an authenticator app shows: RFC 6238 with the parameters that the server named. */
function codeOf(secret, { ahead = 0 } = {}) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.secretKey].map((one) => letters.indexOf(one).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((one) => Number.parseInt(one, 2)));
  const step = Math.floor(Date.now() / 1000 / secret.codeIntervalSeconds) + ahead;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac(secret.hashingAlgorithm, key).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(number % 10 ** secret.codeLength).padStart(secret.codeLength, "0");
}

async function verifiedUser() {
  const { user } = await createUserWithEmailAndPassword(auth, email, password);
  await sendEmailVerification(user);
  const { oobCodes } = await (await fetch(`${url}/emulator/v1/projects/${projectId}/oobCodes`)).json();
  await applyActionCode(auth, oobCodes.at(-1).oobCode);
  await user.reload();
  return user;
}

async function enrolled() {
  const user = await verifiedUser();
  const secret = await TotpMultiFactorGenerator.generateSecret(await multiFactor(user).getSession());
  await multiFactor(user).enroll(TotpMultiFactorGenerator.assertionForEnrollment(secret, codeOf(secret)), "Phone");
  return { user, secret };
}

/** The resolver that the SDK hands out when the first factor alone does not sign in. */
async function halfSignedIn(attempt = () => signInWithEmailAndPassword(auth, email, password)) {
  const error = await attempt().then(
    () => assert.fail("the first factor alone signed in"),
    (reason) => reason,
  );
  assert.equal(error.code, "auth/multi-factor-auth-required");
  return getMultiFactorResolver(auth, error);
}

const answer = (resolver, code) =>
  resolver.resolveSignIn(TotpMultiFactorGenerator.assertionForSignIn(resolver.hints[0].uid, code));

test("an app is enrolled, asked for at the next sign-in, and in the token over a refresh", async () => {
  const { user, secret } = await enrolled();
  assert.deepEqual([secret.hashingAlgorithm, secret.codeLength, secret.codeIntervalSeconds], ["SHA1", 6, 30]);
  assert.match(secret.generateQrCodeUrl(email, "Secura"), /^otpauth:\/\/totp\/Secura:.*secret=[A-Z2-7]{32}&/);
  const [factor] = multiFactor(user).enrolledFactors;
  assert.deepEqual([factor.factorId, factor.displayName], ["totp", "Phone"]);
  assert.equal((await user.getIdTokenResult()).signInSecondFactor, "totp");
  await signOut(auth);

  const resolver = await halfSignedIn();
  assert.equal(auth.currentUser, null);
  assert.deepEqual(resolver.hints.map((one) => [one.factorId, one.displayName, one.uid]), [["totp", "Phone", factor.uid]]);
  const signed = await answer(resolver, codeOf(secret, { ahead: 1 }));
  assert.equal(auth.currentUser.uid, user.uid);
  for (const forced of [false, true]) {
    const { claims, signInSecondFactor, signInProvider } = await signed.user.getIdTokenResult(forced);
    assert.deepEqual([signInProvider, signInSecondFactor], ["password", "totp"]);
    assert.equal(claims.firebase.second_factor_identifier, factor.uid);
  }
  await updatePassword(signed.user, "another password");
  assert.equal((await signed.user.getIdTokenResult()).signInSecondFactor, "totp");
});

test("wrong and used codes become the SDK's own errors", async () => {
  const { secret } = await enrolled();
  const used = codeOf(secret);
  await signOut(auth);
  const resolver = await halfSignedIn();
  await assert.rejects(answer(resolver, "12345"), refusedWith("auth/invalid-verification-code"));
  await assert.rejects(answer(resolver, used), refusedWith("auth/invalid-verification-code"));
  await answer(resolver, codeOf(secret, { ahead: 2 }));
});

test("an unverified user cannot enroll", async () => {
  const { user } = await createUserWithEmailAndPassword(auth, email, password);
  const session = await multiFactor(user).getSession();
  await assert.rejects(TotpMultiFactorGenerator.generateSecret(session), refusedWith("auth/unverified-email"));
});

test("a second app is refused", async () => {
  const { user } = await enrolled();
  const session = await multiFactor(user).getSession();
  const refused = refusedWith("auth/maximum-second-factor-count-exceeded");
  await assert.rejects(TotpMultiFactorGenerator.generateSecret(session), refused);
});

test("a user reauthenticates with both factors", async () => {
  const { user, secret } = await enrolled();
  const credential = EmailAuthProvider.credential(email, password);
  const resolver = await halfSignedIn(() => reauthenticateWithCredential(user, credential));
  const again = await answer(resolver, codeOf(secret, { ahead: 1 }));
  assert.equal(again.operationType, "reauthenticate");
});

test("an app that was removed is no longer asked for", async () => {
  const { user } = await enrolled();
  const before = user.refreshToken;
  await multiFactor(user).unenroll(multiFactor(user).enrolledFactors[0]);
  assert.deepEqual(multiFactor(user).enrolledFactors, []);
  assert.notEqual(user.refreshToken, before);
  assert.equal((await user.getIdTokenResult(true)).signInSecondFactor, null);
  await signOut(auth);
  await signInWithEmailAndPassword(auth, email, password);
});
