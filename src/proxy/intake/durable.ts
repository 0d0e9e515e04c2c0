/** The two kinds of intake. */
import type { DirectIntake } from './direct/direct.js';
import type { Intake } from './intake.js';

/** Whether an intake keeps events, rather than forwards them itself. */
export const isDurable = (intake: Intake | DirectIntake): intake is Intake => 'take' in intake;
