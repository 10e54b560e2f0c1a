// Loaded into one process (NODE_OPTIONS=--import): its clock is off by SKEW_MS, as that of a machine that nobody sets. SIGUSR2 sets it.
let shift = Number(process.env['SKEW_MS']);
process.on('SIGUSR2', () => {
  shift = 0;
});
const RealDate = Date;
const now = () => RealDate.now() + shift;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
