namespace Sidecar.Benchmarks;

/// <summary>So many of a kind.</summary>
internal static class Numbered
{
    /// <summary>One for each number from 0.</summary>
    public static T[] Of<T>(int count, Func<int, T> make)
    {
        var all = new T[count];
        for (var i = 0; i < count; i++)
        {
            all[i] = make(i);
        }

        return all;
    }

    /// <summary>Routes told apart by their first path segment, for <see cref="LiveRoutes"/>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="policy">Flow style.</param>
    public static string Routes(int count, string policy = "{}") =>
        string.Join(", ", Of(count, i => $"r{i}: {{ match: {{ path: '/service-{i}/{{**rest}}' }}, cluster: up, policy: {policy} }}"));
}
