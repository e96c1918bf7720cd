using System.Diagnostics;
using System.Reflection;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Pooling;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Pooling;

/// <summary>What one request leaves behind must not reach the next: every field of a reused object is as in a new one.</summary>
public sealed class ReuseTests
{
    [Fact]
    public void RequestRecord_Cleared_IsAsNew()
    {
        var record = new RequestRecord();
        Soil(record, "_attempts", "_attemptCount", "IsOpaque");
        record.BeginAttempt("a", "a", 7).Status = 200;

        record.Clear();

        AssertSame(new RequestRecord(), record);
        Assert.Equal(0, record.Attempts.Length);
    }

    [Fact]
    public void RequestRecord_GivenBack_IsKeptOnlyAfterAPlainSuccess()
    {
        RequestRecord Ended(Action<RequestRecord> change)
        {
            var record = new RequestRecord();
            record.BeginAttempt("a", "a", 7);
            change(record);
            record.GiveBack();
            return record;
        }

        OwnThread.Run(() =>
        {
            List<RequestRecord> dropped =
            [
                Ended(record => record.Fail(ProxyError.RequestTimeout)),
                Ended(record => record.BeginAttempt("b", "b", 8)),
                Ended(record => record.IsStream = true),
                Ended(record => record.RequestBytes = 1),
            ];
            var plain = Ended(_ => { });
            Assert.Same(plain, RequestRecord.Rent());
            Assert.DoesNotContain(RequestRecord.Rent(), dropped);
        });
    }

    [Fact]
    public void HttpExchange_GivenBack_IsAsNew() => OwnThread.Run(() =>
    {
        var fresh = HttpExchange.Rent();
        var exchange = HttpExchange.Rent();
        Soil(exchange, "CallerBody", "IsUpgrade", "Open", "Invoker", "Transformer", "Output", "Fields", "_spare");
        exchange.Record = new RequestRecord();
        exchange.Record.BeginAttempt("a", "a", 7);
        using var answer = new HttpResponseMessage();
        answer.Headers.TryAddWithoutValidation("x-secret", "1");
        exchange.Fields.Read(answer);

        exchange.GiveBack();

        Assert.Same(exchange, HttpExchange.Rent());
        AssertSame(
            fresh, exchange, "<Invoker>k__BackingField", "<Transformer>k__BackingField", "<Output>k__BackingField", "<Fields>k__BackingField");
        Assert.Equal(0, exchange.Fields.All.Length);
    });

    [Fact]
    public void LocalStack_MoreThanItHolds_AreLeftToTheCollector() => OwnThread.Run(() =>
    {
        var stack = new LocalStack<object>();
        var kept = Enumerable.Range(0, 100).Count(_ => stack.TryGiveBack(new object()));

        var taken = new List<object>();
        while (stack.TryTake() is { } one)
        {
            taken.Add(one);
        }

        Assert.Equal((64, 64), (kept, taken.Count));
        Assert.Equal(taken.Count, taken.Distinct().Count());
    });

    private static IEnumerable<FieldInfo> Fields(Type type) => type is { BaseType: { } parent }
        ? type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly).Concat(Fields(parent))
        : [];

    private static void Soil(object target, params string[] except)
    {
        foreach (var field in Fields(target.GetType()).Where(field => !except.Any(name => field.Name == name || field.Name == $"<{name}>k__BackingField")))
        {
            field.SetValue(target, Dirt(field.FieldType, field.GetValue(target)));
        }
    }

    private static object? Dirt(Type type, object? value)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(bool) ? true
            : plain == typeof(int) ? 77
            : plain == typeof(uint) ? 77u
            : plain == typeof(long) ? 77L
            : plain == typeof(string) ? "dirt"
            : plain == typeof(TimeSpan) ? TimeSpan.FromSeconds(77)
            : plain.IsEnum ? Enum.ToObject(plain, 1)
            : plain == typeof(ErrorFlags) ? Flags()
            : plain == typeof(Activity) ? new Activity("dirt")
            : plain == typeof(HttpRequestMessage) ? new HttpRequestMessage()
            : value;
    }

    private static ErrorFlags Flags()
    {
        var flags = default(ErrorFlags);
        flags.Add(ProxyError.RequestTimeout);
        return flags;
    }

    private static void AssertSame(object expected, object actual, params string[] except)
    {
        foreach (var field in Fields(expected.GetType()).Where(field => !field.FieldType.IsArray && !except.Contains(field.Name)))
        {
            Assert.True(Equals(field.GetValue(expected), field.GetValue(actual)), $"{field.Name} is not as new: {field.GetValue(actual)}");
        }
    }
}
