// Loaded into every server that a test starts: it does not outlive the test's process, however that ended.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
