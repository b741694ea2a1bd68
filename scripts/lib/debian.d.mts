export function ensurePackages(what: string, packages: string[], log: (now: string) => void): Promise<string>;
