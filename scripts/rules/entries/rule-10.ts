import type { Rule } from '../entry.ts';

export const rule10: Rule = {
  number: 10,
  name: 'After a crash',
  clauses: {
    'containers are not auto-removed': {
      without: '      AutoRemove: true,',
      title: 'rule 10: a container that ended while nobody looked is adopted with its exit code',
    },
    'their log does not rotate': {
      code: "'max-size': LOG_SIZE,",
      without: "'max-size': '16k',",
      title: 'rule 10: a long log is read whole after a crash: it does not rotate',
    },
    'adoption reads it from its first line': {
      code: '{ ...LOGS, follow: true }',
      without: '{ ...LOGS, follow: true, tail: 1 }',
      title: 'rule 10: a long log is read whole after a crash: it does not rotate',
    },
    'a container that runs is adopted': {
      title:
        'rule 10: a container outlives its orchestrator and is adopted, its log read from the first line and not doubled',
    },
    'one that never ran is removed': {
      code: "['running', 'paused', 'restarting', 'exited'].includes(State.Status)",
      without: "State.Status !== ''",
      title: 'rule 10: a container that was made and never started is removed',
    },
    'the scheduler goes on with what is adopted': {
      code: "if (runner && recovered.state === 'adopt' && dataset) {",
      without: "if (runner && recovered.state === 'adopt' && !dataset) {",
      title: 'rule 10: a container that outlived its orchestrator is adopted; its timeout goes on from its start',
    },
    'processes are detached': {
      without: '      detached: false,',
      title: 'rule 10: a process leads a session of its own: what ends the orchestrator’s does not end it',
    },
    'they write to a descriptor of the log': {
      code: 'output.stdout',
      without: "'ignore'",
      title: 'rule 10: what outlives a killed orchestrator is found, and afterwards there is nothing left of it',
      test: 'orchestrator/run/process/process-runner.test.ts',
    },
    'survivors are killed, never adopted': {
      title: 'rule 10: what outlives a killed orchestrator is found, and afterwards there is nothing left of it',
      test: 'orchestrator/run/process/process-runner.test.ts',
    },
    'they are found by pid and start time': {
      code: 'one.startTime === other.startTime',
      without: 'true',
      title: 'rule 10: a pid that belongs to another process by now is left alone',
    },
    'they are killed by their uid, wherever they went': {
      code: '!killAllOf(uid)',
      without: 'true',
      title: 'rule 10: what forks and ends faster than anybody can look is dead all the same',
    },
    'without a uid of their own they are killed by group': {
      code: 'leader.pid || session === leader.pid',
      without: '0 && session === 0',
      title: 'rule 10: without a uid of its own, what has cleared its environment is found by its group',
    },
    'or by their environment, in whichever session': {
      code: "hasVariable(entry.pid, 'WORK_DIR', leader.workDir)",
      without: 'false',
      title:
        'rule 10: without a uid of its own, a survivor whose first process has ended is found by the rest of its group',
    },
    'none runs before its pid is on disk': {
      code: 'read -r go || exit 125\n',
      title: 'rule 10: a program whose orchestrator died before its pid was on disk never runs',
    },
    'a run is leased to one orchestrator': {
      code: 'AND lease_until <= $now',
      title:
        'rule 10: a run belongs to its holder until its lease has ended; then another one takes it over, once, and its attempt goes on',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'who lost its lease can’t end the run': {
      code: 'attempt && run.leaseHolder === leaseHolder',
      without: 'attempt',
      title: 'rule 10: who lost its lease can say nothing of the run any more, whatever became of it',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'its lease is freed only when its holder is dead': {
      code: 'BEGIN EXCLUSIVE',
      without: 'BEGIN',
      title: 'another process is named, and its death, even by SIGKILL, frees the folder',
    },
    'two orchestrators never share a journal': {
      code: 'lockDataDir(folder)',
      without: '() => {}',
      title: 'rule 10: a journal outside of DATA_DIR is kept by one, too',
    },
  },
};
