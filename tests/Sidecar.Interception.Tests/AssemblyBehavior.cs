using System.Runtime.Versioning;

// One test at a time: the suites measure, count the connections of a whole namespace and keep processes running, and
// the machine has few cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// Network namespaces are Linux'; elsewhere every test of them is skipped.
[assembly: SupportedOSPlatform("linux")]
