/** Test files that take longer: `npm run proof` runs them, the longest first, and `npm test` all others. */
export const LONG_UNITS = [
  'test/simulation/variants.test.ts',
  'test/proxy/real-time.test.ts',
  'test/proxy/intake/postgres/postgres-proxies.test.ts',
  'test/simulation/simulation.test.ts',
  'test/proxy/killed/killed.test.ts',
  'test/proxy/intake/postgres/postgres.test.ts',
  'test/types/compilers.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/proxy/storms.test.ts',
  'test/proxy/intake/ledger-size.test.ts',
];

/** Test files that replace modules: each has a process of its own, since other files would get these modules. */
export const ALONE_UNITS = [
  'test/ky-newest.test.ts',
  'test/proxy/cli/outgoing-proxy.test.ts',
  'test/proxy/loading.test.ts',
  'test/proxy/intake/sqlite/sqlite-{layout,room}.test.ts',
];

/**
 * Test files that start servers, processes or builds, read the documents or take seconds: `npm run quick` leaves them to
 * `npm test`.
 */
export const SERVER_UNITS = [
  'test/bundling/*.test.ts',
  'test/upstream/*.test.ts',
  'test/{code-types,dockerfile}.test.ts',
  'test/doctor/rooms.test.ts',
  'test/reference.test.ts',
  'test/reference/*.test.ts',
  'test/proxy/cli/{dead-letters,kept-site,purge,reading,sources,start-line,status}.test.ts',
  'test/proxy/door/{admission,framing,measure,path,size,slow,surroundings,visitors}.test.ts',
  'test/proxy/forward/{busy-process,connection,forwarder-faults,jumps,usage-lane,usage-upstream}.test.ts',
  'test/proxy/intake/{intake-alike.properties,one-site}.test.ts',
  'test/proxy/intake/direct/direct.properties.test.ts',
  'test/proxy/intake/postgres/postgres-{docs,leading,opening,pool}.test.ts',
  'test/proxy/intake/postgres/ways-to-lose-postgres.test.ts',
  'test/proxy/intake/sqlite/*.test.ts',
  'test/proxy/{creation,node}.test.ts',
  'test/proxy/operator/admin.test.ts',
  'test/proxy/operator/page/visits.test.ts',
  'test/proxy/telling/cause.test.ts',
];

/** Test files that take longest among the others, the longest first: they begin, so that none is left over at the end. */
export const LONGEST_UNITS = [
  'test/proxy/intake/sqlite/sqlite.test.ts',
  'test/proxy/intake/intake-alike.properties.test.ts',
  'test/proxy/intake/sqlite/sqlite-driver.test.ts',
  'test/proxy/intake/postgres/postgres-opening.test.ts',
  'test/proxy/door/surroundings.test.ts',
  'test/proxy/door/admission.test.ts',
  'test/proxy/creation.test.ts',
];

export const LONG_SPECS = [
  'e2e/busy/busy.spec.ts',
  'e2e/chaos/chaos.spec.ts',
  'e2e/seeing/counting.spec.ts',
  'e2e/diagnosing/doctor.spec.ts',
  'e2e/engines/engines.spec.ts',
  'e2e/package/functions.spec.ts',
  'e2e/package/harmless-import.spec.ts',
  'e2e/diagnosing/inspector-engines.spec.ts',
  'e2e/page/lacking.spec.ts',
  'e2e/package/next-standalone.spec.ts',
  'e2e/seeing/occlusion.spec.ts',
  'e2e/proxy/page-blocks.spec.ts',
  'e2e/operator/looks.spec.ts',
  'e2e/closing/presses-table.spec.ts',
  'e2e/package/attributes.spec.ts',
  'e2e/package/stacks.spec.ts',
  'e2e/proxy/systemd.spec.ts',
  'e2e/chaos/ten-thousand.spec.ts',
  'e2e/proxy/web-servers.spec.ts',
];
