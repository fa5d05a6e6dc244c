/** Runs before the program: the library takes its clock when it is loaded. */
const preload = `
const realNow = Date.now;
let elapsed = 0;
Date.now = () => realNow() + elapsed;
process.on('SIGUSR2', () => { elapsed += 86_400_000; });
`;

/** Environment of a program whose clock goes a day ahead with each SIGUSR2. */
export const movableClock = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
};
