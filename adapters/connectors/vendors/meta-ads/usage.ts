import { z } from 'zod';
import type { TellsLimits } from '../../manifest.ts';

const percent = z.number().nonnegative().default(0);
/** In per cent of what is allowed, and in minutes. */
const Usage = z.object({
  call_count: percent,
  total_cputime: percent,
  total_time: percent,
  estimated_time_to_regain_access: percent,
});
/** Of the app itself, or for each account a list. */
const Told = z.record(z.string(), z.array(Usage)).transform((lists) => Object.values(lists).flat());
const UNITS = 200;

/** The fullest of the percentages is the one that Meta stops us by. */
export const tells: TellsLimits = ({ headers }) => {
  const uses = [
    ...(read(Told, headers.get('x-business-use-case-usage')) ?? []),
    ...[read(Usage, headers.get('x-app-usage')) ?? []].flat(),
  ];
  if (uses.length === 0) return [];
  const used = Math.max(...uses.map((use) => Math.max(use.call_count, use.total_cputime, use.total_time)));
  const minutes = Math.max(...uses.map((use) => use.estimated_time_to_regain_access));
  const remaining = Math.max(0, Math.floor(UNITS * (1 - used / 100)));
  return [{ limit: 'user_hour', remaining, ...(minutes > 0 && { resetMs: minutes * 60_000 }) }];
};

/** Undefined where there is none, or none that can be read: a limit that we do not know of is the vendor's to tell. */
function read<Shape extends z.ZodType>(shape: Shape, header: string | undefined): z.output<Shape> | undefined {
  try {
    return shape.safeParse(JSON.parse(header ?? 'null')).data;
  } catch {
    return undefined;
  }
}
