/**
 * Scores rows over HTTP: `node server.mjs runs/my/checkpoint.safetensors 8080`, then
 *
 *     curl localhost:8080 -d '{"length": 1190, "mass": 0.0194, "machine": "south"}'
 *
 * The body is a row, or an array of rows; the answer is an array with the scores of each.
 */
import { createServer } from "node:http";
import { argv, stdout } from "node:process";
import { decodeTable, IresnetError, Random, recordsTable, scoreTable } from "iresnet";
import { nodeEngine, openRunner } from "iresnet/node";

const [checkpoint = "runs/my", port = "8080"] = argv.slice(2);
const mostBytes = 1_000_000;
const engine = await nodeEngine({ threads: 1 });
const runner = await openRunner(checkpoint, { engine });
const plan = runner.data.table;
// The first score compiles the model: let no request wait for that.
await scoreTable(runner, decodeTable(await runner.sample(1, { random: Random.fromSeed(0) }), plan));

async function answer(request) {
  if (request.method !== "POST") return [405, { error: "POST a row, or an array of rows" }];
  let text = "";
  for await (const piece of request.setEncoding("utf8")) {
    text += piece;
    if (text.length > mostBytes) return [413, { error: `more than ${mostBytes} letters` }];
  }
  try {
    const body = JSON.parse(text);
    const rows = Array.isArray(body) ? body : [body];
    const { logProb, score, pValue, problems } = await scoreTable(runner, recordsTable(rows, plan));
    const results = rows.map((_, row) => ({
      log_p: logProb[row],
      score: score[row],
      p_value: pValue[row],
      problems: problems.filter((problem) => problem.row === row),
    }));
    return [200, results];
  } catch (error) {
    const isRequest = error instanceof IresnetError || error instanceof SyntaxError;
    return [isRequest ? 400 : 500, { error: isRequest ? error.message : "the server failed" }];
  }
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});
server.listen(Number(port), () => stdout.write(`listening on port ${server.address().port}\n`));
