// Runs the checks of one scenario in order, reports in one line, and never outlives its deadline.

const SCENARIO_TIMEOUT_MS = 60_000;
const CHECK_TIMEOUT_MS = 30_000;

/**
 * @param {string} name
 * @param {Record<string, () => Promise<void>>} checks by the rule each of them proves
 */
export async function scenario(name, checks) {
  const started = performance.now();
  const end = started + SCENARIO_TIMEOUT_MS;
  const wanted = Object.entries(checks).filter(([rule]) => rule.includes(process.argv[2] ?? ""));
  const failures = [];
  // What a failed check has left running may fail later; that must not hide the report.
  process.on("unhandledRejection", (error) => failures.push(`✗ in the background\n${indent(error?.stack ?? String(error))}`));
  if (wanted.length === 0) failures.push(`no check is named like "${process.argv[2]}"`);

  for (const [rule, check] of wanted) {
    const left = Math.min(CHECK_TIMEOUT_MS, end - performance.now());
    try {
      if (left <= 0) throw new Error(`not reached within ${SCENARIO_TIMEOUT_MS / 1000} s`);
      await within(left, check());
    } catch (error) {
      failures.push(`✗ ${rule}\n${indent(error?.stack ?? String(error))}`);
    }
  }

  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (failures.length === 0) {
    console.log(`${name}: ${wanted.length} checks passed in ${seconds} s`);
    process.exit(0);
  }
  console.error(`${name}: FAILED, ${failures.length} of ${wanted.length} checks, after ${seconds} s\n${failures.join("\n")}`);
  process.exit(1);
}

async function within(milliseconds, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still waiting after ${(milliseconds / 1000).toFixed(1)} s`)), milliseconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function indent(text) {
  return text.replace(/^/gm, "    ");
}
