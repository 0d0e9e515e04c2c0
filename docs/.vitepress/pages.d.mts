/** The anchor of a heading, as code hosts make it. */
export function anchorOf(heading: string): string;
