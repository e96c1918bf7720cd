using Xunit.Abstractions;
using Xunit.Sdk;

namespace Sidecar.Proxy.FunctionalTests.Harness;

/// <summary>Marks the suites that need the native binary.</summary>
public interface INativeSuite;

/// <summary>A test of a suite; in an <see cref="INativeSuite"/> without the binary it is skipped, counted, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Sidecar.Proxy.FunctionalTests.Harness.ProxyFactDiscoverer", "Sidecar.Proxy.FunctionalTests")]
public sealed class ProxyFactAttribute : FactAttribute;

/// <summary>As <see cref="ProxyFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Sidecar.Proxy.FunctionalTests.Harness.ProxyTheoryDiscoverer", "Sidecar.Proxy.FunctionalTests")]
public sealed class ProxyTheoryAttribute : TheoryAttribute;

/// <summary>xunit 2 cannot skip at run time, and the reason depends on the class that inherits the test: so at discovery.</summary>
public sealed class ProxyFactDiscoverer(IMessageSink diagnosticMessageSink) : FactDiscoverer(diagnosticMessageSink)
{
    /// <inheritdoc/>
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        SkipReason(testMethod) is { } reason
            ? new XunitSkippedDataRowTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, reason)
            : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);

    internal static string? SkipReason(ITestMethod testMethod) =>
        testMethod.TestClass.Class.Interfaces.Any(type => type.Name == typeof(INativeSuite).FullName) ? ProxyExecutable.SkipReason : null;
}

/// <summary>The same for theories, row by row.</summary>
public sealed class ProxyTheoryDiscoverer(IMessageSink diagnosticMessageSink) : TheoryDiscoverer(diagnosticMessageSink)
{
    /// <inheritdoc/>
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow) =>
        ProxyFactDiscoverer.SkipReason(testMethod) is { } reason
            ? CreateTestCasesForSkippedDataRow(discoveryOptions, testMethod, theoryAttribute, dataRow, reason)
            : base.CreateTestCasesForDataRow(discoveryOptions, testMethod, theoryAttribute, dataRow);
}
