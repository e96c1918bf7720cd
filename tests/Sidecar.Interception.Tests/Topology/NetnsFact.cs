using Xunit.Abstractions;
using Xunit.Sdk;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>Marks the suites in which traffic passes the real proxy.</summary>
public interface IInterceptedSuite;

/// <summary>A test in network namespaces: skipped, counted, with the reason, where they cannot be made or something is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Sidecar.Interception.Tests.Topology.NetnsFactDiscoverer", "Sidecar.Interception.Tests")]
public sealed class NetnsFactAttribute : FactAttribute
{
    /// <summary>Programs, and npm packages written <c>npm:name</c>, that the test runs, separated by spaces.</summary>
    public string Needs { get; set; } = "";
}

/// <summary>As <see cref="NetnsFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Sidecar.Interception.Tests.Topology.NetnsTheoryDiscoverer", "Sidecar.Interception.Tests")]
public sealed class NetnsTheoryAttribute : TheoryAttribute
{
    /// <summary>As in <see cref="NetnsFactAttribute.Needs"/>.</summary>
    public string Needs { get; set; } = "";
}

/// <summary>xunit 2 cannot skip at run time, and the reason depends on the class that inherits the test: so at discovery.</summary>
public sealed class NetnsFactDiscoverer(IMessageSink diagnosticMessageSink) : FactDiscoverer(diagnosticMessageSink)
{
    private static readonly bool IsRoot = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    /// <inheritdoc/>
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        SkipReason(testMethod, factAttribute) is { } reason
            ? new XunitSkippedDataRowTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, reason)
            : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);

    internal static string? SkipReason(ITestMethod testMethod, IAttributeInfo attribute)
    {
        if (!IsRoot)
        {
            return "needs root";
        }

        if (testMethod.TestClass.Class.Interfaces.Any(type => type.Name == typeof(IInterceptedSuite).FullName) && Binaries.SkipReason is { } reason)
        {
            return reason;
        }

        var programs = (attribute.GetNamedArgument<string>(nameof(NetnsFactAttribute.Needs)) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var missing = programs.Append("ip").Append("nft").Append("setpriv").Where(name => !IsThere(name)).ToArray();
        return missing.Length == 0 ? null : $"needs {string.Join(", ", missing)}: tests/netns/prepare.sh";
    }

    private static bool IsThere(string name) => name.StartsWith("npm:", StringComparison.Ordinal)
        ? Directory.Exists(Path.Combine(Repository.NodeModules, name[4..]))
        : Command.Exists(name);
}

/// <summary>The same for theories: skipped as one.</summary>
public sealed class NetnsTheoryDiscoverer(IMessageSink diagnosticMessageSink) : TheoryDiscoverer(diagnosticMessageSink)
{
    /// <inheritdoc/>
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        NetnsFactDiscoverer.SkipReason(testMethod, theoryAttribute) is { } reason
            ? [new XunitSkippedDataRowTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, reason)]
            : base.Discover(discoveryOptions, testMethod, theoryAttribute);
}
