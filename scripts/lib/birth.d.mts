export declare const birthOf: (pid: number) => string | undefined;
