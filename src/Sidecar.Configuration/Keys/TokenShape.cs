using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Sidecar.Configuration.Documents;

namespace Sidecar.Configuration.Keys;

/// <summary>One word out of a closed list.</summary>
/// <param name="tokens">Words and what they mean.</param>
internal sealed class TokenShape<T>(params ImmutableArray<(string Token, T Value)> tokens) : ValueShape<T>
{
    /// <summary>Words and what they mean.</summary>
    public ImmutableArray<(string Token, T Value)> Tokens { get; } = tokens;

    /// <inheritdoc/>
    public override string Expected => MessageText.OneOf(Tokens.Select(token => token.Token));

    /// <inheritdoc/>
    public override DocumentNode ToNode(T value) => Written.Text(TokenOf(value));

    /// <inheritdoc/>
    public override void WriteSchema(SchemaWriter schema) => schema.WriteEnum(Tokens.Select(token => token.Token));

    /// <summary>The word for a value.</summary>
    public string TokenOf(T value) => Tokens.First(token => EqualityComparer<T>.Default.Equals(token.Value, value)).Token;

    /// <inheritdoc/>
    protected override bool TryReadValue(DocumentNode node, ProblemList problems, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is not ScalarNode { Kind: ScalarKind.String } scalar)
        {
            Mismatch(node, problems);
            return false;
        }

        foreach (var (token, meaning) in Tokens)
        {
            if (scalar.Text == token)
            {
                value = meaning;
                return true;
            }
        }

        Mismatch(node, problems, Suggestion.For(scalar.Text, Tokens.Select(token => token.Token), problems));
        return false;
    }
}
