// Runs the scenarios in Node.js; `SETTINGS` is JSON: what `run` takes, and `lite`. Writes the outcomes as JSON.
import { run } from "./run.js";

const { lite, ...options } = JSON.parse(process.env.SETTINGS);
const sdk = await import(lite ? "firebase/firestore/lite" : "firebase/firestore");
sdk.setLogLevel("silent");
console.log(JSON.stringify(await run(sdk, options)));
process.exit(0);
