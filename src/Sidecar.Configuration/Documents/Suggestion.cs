namespace Sidecar.Configuration.Documents;

/// <summary>"Did you mean …?" for a mistyped word.</summary>
internal static class Suggestion
{
    // Nothing in the document's vocabulary is longer, and no operator overlooks more ids; bounds the work on hostile documents.
    private const int MaxLength = 64;
    private const int MaxCandidates = 1_000;

    /// <summary><c>; did you mean 'x'?</c> when a candidate is near, else an empty text.</summary>
    /// <param name="word">As written.</param>
    /// <param name="candidates">What it could have been.</param>
    /// <param name="problems">Where the text will go; when it will not be kept it is not computed.</param>
    public static string For(string word, IEnumerable<string> candidates, ProblemList problems)
    {
        if (word.Length is 0 or > MaxLength || problems.IsFull)
        {
            return "";
        }

        var typed = Normalize(word);
        var best = candidates
            .Take(MaxCandidates)
            .Where(candidate => candidate.Length <= MaxLength)
            .Select(candidate => (Candidate: candidate, Distance: Distance(typed, Normalize(candidate))))
            .Where(scored => scored.Distance <= Math.Max(1, Math.Max(typed.Length, scored.Candidate.Length) / 3))
            .OrderBy(scored => scored.Distance)
            .ThenBy(scored => scored.Candidate, StringComparer.Ordinal)
            .Select(scored => scored.Candidate)
            .FirstOrDefault();
        return best is null ? "" : $"; did you mean {MessageText.Quote(best)}?";
    }

    /// <summary>Other spellings of case and separators are no distance: <c>max_retries</c> is <c>maxRetries</c>.</summary>
    private static string Normalize(string word) =>
        word.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Edit distance with transpositions (optimal string alignment).</summary>
    internal static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = left[i - 1] == right[j - 1] ? 0 : 1;
                var best = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    best = Math.Min(best, rows[i - 2, j - 2] + 1);
                }

                rows[i, j] = best;
            }
        }

        return rows[left.Length, right.Length];
    }
}
