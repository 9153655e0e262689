import { nodeEngine } from "../../src/engine/node.js";

// What `auto` takes and what `webgpu` says where no adapter answers.
const engine = await nodeEngine({ device: "auto", threads: 1 });
console.log(/ (cpu|webgpu)/.exec(engine.description)?.[1]);
await engine.close();
await nodeEngine({ device: "webgpu" }).catch((error: unknown) => {
  console.log(String(error));
});
