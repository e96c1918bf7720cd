namespace Sidecar;

/// <summary>
/// Stands before <see cref="Enumerable"/>'s <c>Select</c> and <c>Where</c> in every project under <c>src</c> when the
/// target is net9.0.
/// <para>
/// There every iterator of LINQ has a generic virtual <c>Select</c>, so that ahead-of-time compilation makes one body
/// for every pair of element and result type that are structs: megabytes of code that never runs. net10.0 has a
/// switch against it (<c>UseSizeOptimizedLinq</c>, on with Native AOT) and does not compile this file. An enclosing
/// namespace is searched before the using directives, so callers need to know nothing of it.
/// </para>
/// </summary>
internal static class SmallSequences
{
    /// <summary>The same as <c>Enumerable.Select</c>, without its shortcuts for lists and counts.</summary>
    public static IEnumerable<TResult> Select<TSource, TResult>(this IEnumerable<TSource> source, Func<TSource, TResult> selector)
    {
        foreach (var item in source)
        {
            yield return selector(item);
        }
    }

    /// <summary>The same as <c>Enumerable.Where</c>, without its shortcuts for lists and arrays.</summary>
    public static IEnumerable<TSource> Where<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)
    {
        foreach (var item in source)
        {
            if (predicate(item))
            {
                yield return item;
            }
        }
    }
}
