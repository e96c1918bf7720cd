using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary>One item of <c>retryOn</c>: a named condition, or a status.</summary>
/// <param name="Condition">None for a status.</param>
/// <param name="Status">0 for a condition.</param>
internal readonly record struct RetryTrigger(RetryConditions Condition, int Status)
{
    /// <summary>Words and what they mean.</summary>
    public static readonly TokenShape<RetryConditions> Words = new(
        ("connect-failure", RetryConditions.ConnectFailure),
        ("refused-stream", RetryConditions.RefusedStream),
        ("unsent", RetryConditions.Unsent),
        ("stale-connection", RetryConditions.StaleConnection),
        ("reset", RetryConditions.Reset),
        ("gateway-error", RetryConditions.GatewayError),
        ("5xx", RetryConditions.ServerError),
        ("retriable-4xx", RetryConditions.Retriable4xx),
        ("per-try-timeout", RetryConditions.PerTryTimeout),
        ("cancelled", RetryConditions.GrpcCancelled),
        ("deadline-exceeded", RetryConditions.GrpcDeadlineExceeded),
        ("internal", RetryConditions.GrpcInternal),
        ("resource-exhausted", RetryConditions.GrpcResourceExhausted),
        ("unavailable", RetryConditions.GrpcUnavailable));

    /// <summary>All named conditions of the items.</summary>
    public static RetryConditions Conditions(ImmutableArray<RetryTrigger> items) =>
        items.Aggregate(RetryConditions.None, (all, item) => all | item.Condition);

    /// <summary>All statuses of the items, sorted.</summary>
    public static EquatableArray<int> Statuses(ImmutableArray<RetryTrigger> items) =>
        new([.. items.Where(item => item.Status != 0).Select(item => item.Status).Order()]);

    /// <summary>The items of a policy, words first.</summary>
    public static ImmutableArray<RetryTrigger> List(RetryConditions conditions, EquatableArray<int> statuses) =>
    [
        .. Words.Tokens.Where(word => conditions.HasFlag(word.Value)).Select(word => new RetryTrigger(word.Value, 0)),
        .. statuses.Items.Select(status => new RetryTrigger(RetryConditions.None, status)),
    ];
}

/// <summary>A word of <see cref="RetryTrigger.Words"/>, or a status.</summary>
internal sealed class RetryTriggerShape : ValueShape<RetryTrigger>
{
    private static readonly IntegerShape Status = new(400, 599);

    /// <inheritdoc/>
    public override string Expected => $"{RetryTrigger.Words.Expected}, or a status from 400 to 599";

    /// <inheritdoc/>
    public override DocumentNode ToNode(RetryTrigger value) =>
        value.Status != 0 ? Status.ToNode(value.Status) : RetryTrigger.Words.ToNode(value.Condition);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) =>
        schema.WriteAnyOf([.. RetryTrigger.Words.Tokens.Select(word => word.Token)], Status);

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out RetryTrigger value)
    {
        value = default;
        if (node is ScalarNode { Kind: ScalarKind.String } word)
        {
            var hint = int.TryParse(word.Text, NumberStyles.None, CultureInfo.InvariantCulture, out _)
                ? NumberText.QuoteHint(node)
                : Suggestion.For(word.Text, RetryTrigger.Words.Tokens.Select(known => known.Token), problems);
            var isKnown = RetryTrigger.Words.TryRead(node, new ProblemList(), out var condition);
            value = new RetryTrigger(condition, 0);
            if (!isKnown)
            {
                Mismatch(node, problems, hint);
            }

            return isKnown;
        }

        if (node is not ScalarNode)
        {
            Mismatch(node, problems);
            return false;
        }

        var isStatus = Status.TryRead(node, problems, out var status);
        value = new RetryTrigger(RetryConditions.None, status);
        return isStatus;
    }
}

/// <summary>A named set of methods, or a list of them.</summary>
internal sealed class RetryMethodsShape : ValueShape<RetryMethods>
{
    private static readonly TokenShape<RetryMethodsKind> Sets = new(
        ("safe", RetryMethodsKind.Safe), ("idempotent", RetryMethodsKind.Idempotent), ("all", RetryMethodsKind.All));

    private static readonly ListShape<string> List = new(HttpShapes.Method, minItems: 1, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override string Expected => "safe, idempotent, all or a list of methods";

    /// <inheritdoc/>
    public override DocumentNode ToNode(RetryMethods value) =>
        value.Kind == RetryMethodsKind.List ? List.ToNode(value.List.Items) : Sets.ToNode(value.Kind);

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) => schema.WriteAnyOf([.. Sets.Tokens.Select(set => set.Token)], List);

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out RetryMethods value)
    {
        value = null;
        if (node is ListNode)
        {
            var isList = List.TryRead(node, problems, out var methods);
            value = isList ? new RetryMethods(RetryMethodsKind.List, new EquatableArray<string>(methods)) : null;
            return isList;
        }

        if (node is ScalarNode { Kind: ScalarKind.String } word && Sets.TryRead(node, new ProblemList(), out var kind))
        {
            value = new RetryMethods(kind, default);
            return true;
        }

        Mismatch(node, problems, node is ScalarNode { Kind: ScalarKind.String } text ? Suggestion.For(text.Text, Sets.Tokens.Select(set => set.Token), problems) : null);
        return false;
    }
}
