// One test at a time: some of these tests keep a thread busy while they move a manual clock, and the runner's limit on
// threads would let two of them wait for each other. Nothing here takes real time, so little is lost.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
