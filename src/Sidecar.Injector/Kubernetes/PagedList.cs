using System.Text.Json;

namespace Sidecar.Injector.Kubernetes;

/// <summary>Reads a whole collection page by page, so that memory is bounded by a page and not by the cluster.</summary>
internal static class PagedList
{
    private const int SmallestPage = 1;

    /// <summary>Calls <paramref name="item"/> for every object; returns the resource version that a watch goes on from.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="path">Of the collection.</param>
    /// <param name="query">Selectors, each <c>name=value</c>, escaped; may be empty.</param>
    /// <param name="pageSize">Objects asked for at once; fewer where they turn out large.</param>
    /// <param name="item">One object; valid during the call.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ApiException">As <see cref="ApiClient.GetAsync"/>; 410 when the continue token expired.</exception>
    public static async Task<string> ReadAsync(
        ApiClient api, string path, string query, int pageSize, Action<JsonElement> item, CancellationToken cancellationToken)
    {
        var next = "";
        while (true)
        {
            JsonDocument page;
            try
            {
                page = await api.GetAsync($"{path}?limit={pageSize}{(query.Length > 0 ? $"&{query}" : "")}{(next.Length > 0 ? $"&continue={Uri.EscapeDataString(next)}" : "")}", cancellationToken);
            }
            catch (AnswerTooLargeException) when (pageSize > SmallestPage)
            {
                pageSize = Math.Max(SmallestPage, pageSize / 10);
                continue;
            }

            using (page)
            {
                foreach (var element in page.RootElement.Items("items"))
                {
                    item(element);
                }

                var before = next;
                next = page.RootElement.Member("metadata", "continue").AsText() ?? "";
                if (next.Length == 0)
                {
                    return page.RootElement.Member("metadata", "resourceVersion").AsText() is { Length: > 0 } version
                        ? version
                        : throw new ApiException(0, $"GET {path}: the answer is no list");
                }

                if (next == before)
                {
                    throw new ApiException(0, $"GET {path}: the list does not end");
                }
            }
        }
    }
}
