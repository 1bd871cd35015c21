// What a scenario expects; it runs in Node and in browsers alike.

const sorted = (one) =>
  one && typeof one === "object" && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort()) : one;
const shown = (value) => JSON.stringify(value, (_, one) => sorted(one));

export function ok(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

export function equal(actual, expected, what = "") {
  const same = Object.is(actual, expected) || (typeof expected === "object" && shown(actual) === shown(expected));
  if (!same) throw new Error(`${what} expected ${shown(expected)}, got ${shown(actual)}`);
}

export async function rejects(promise, code) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    equal(error.code, code, `the code of "${error.message}"`);
    return error;
  }
  throw new Error(`expected ${code}, got ${shown(value)}`);
}

/** What a listener has heard. `until` waits for a snapshot that is as it should be. */
export class Heard {
  constructor() {
    this.all = [];
    this.error = null;
    this.waiting = [];
  }

  take = (snapshot) => {
    this.all.push(snapshot);
    this.check();
  };

  fail = (error) => {
    this.error = error;
    this.check();
  };

  check() {
    this.waiting = this.waiting.filter((look) => !look());
  }

  /** The first snapshot since the last call that the condition holds for. */
  until(condition, what = String(condition)) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never heard: ${what}`)), 20_000);
      const look = () => {
        if (this.error) {
          clearTimeout(timer);
          reject(this.error);
          return true;
        }
        const index = this.all.findIndex(condition);
        if (index < 0) return false;
        clearTimeout(timer);
        const found = this.all[index];
        this.all.splice(0, index + 1);
        resolve(found);
        return true;
      };
      if (!look()) this.waiting.push(look);
    });
  }
}
