#!/usr/bin/env node
/** The command line `threadmill`: check Node, dispatch, exit. */
import { nodeProblem } from './cli/node-version.ts';

const problem = nodeProblem(process.versions.node);
if (problem === null) {
  // By dynamic import: on an older Node even loading the rest can fail, with a message that helps nobody.
  const { keepCompiledCode } = await import('./compile-cache.ts');
  const { hostEnvironment } = await import('./server/environment.ts');
  keepCompiledCode(hostEnvironment());
  const { main } = await import('./cli/main.ts');
  const { exitWith, processIo } = await import('./cli/process-io.ts');
  const { realPorts } = await import('./cli/real-ports.ts');
  exitWith(await main(process.argv.slice(2), { io: processIo(), ports: realPorts }));
} else {
  process.stderr.write(`threadmill: ${problem}\n`);
  process.exitCode = 1;
}
