import { spawn } from 'node:child_process';

/** A failure whose message is all that the user needs to see. */
export class SetupError extends Error {}

/** Says what is done, does it, says how long it took. On stderr: stdout belongs to the command that follows. */
export async function step(text, work) {
  const startedAt = Date.now();
  process.stderr.write(`${text} …\n`);
  const result = await work();
  process.stderr.write(`${text}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
  return result;
}

/** Runs a program to its end; its output is shown only when it fails. `fix` is the sentence that then follows. */
export async function run(program, args, { cwd, env, fix, shell = false }) {
  const output = [];
  const child = spawn(program, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const end = passSignals(child);
  const { code, error } = await ended(child);
  end();
  if (code === 0) return;
  const shown = error ? error.message : shorten(Buffer.concat(output).toString().trim().split('\n'));
  throw new SetupError(`${shown}\n${fix}`);
}

/** What went wrong stands at one of the two ends. */
function shorten(lines) {
  return lines.length <= 30 ? lines.join('\n') : [...lines.slice(0, 15), '…', ...lines.slice(-15)].join('\n');
}

/**
 * Runs a program in this one's place: same input and output, signals passed on, its exit code answered.
 * The IPC channel tells it at once when this process dies, whatever way.
 */
export async function runInstead(program, args, options = {}) {
  const child = spawn(program, args, { ...options, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  child.channel?.unref();
  const end = passSignals(child);
  const { code, error } = await ended(child);
  end();
  if (error) throw new SetupError(`${program} could not be started: ${error.message}`);
  return code;
}

function ended(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, error }));
    child.once('exit', (code, signal) => resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 1) }));
  });
}

function passSignals(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const pass = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}
