using System.Collections;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Proxy.Sockets;

/// <summary>The features of a connection: a dozen, looked up by every request, most often in vain. A list is the fastest of that size.</summary>
internal sealed class TransportFeatures : IFeatureCollection
{
    private (Type Type, object? Feature)[] _features = new (Type, object?)[12];
    private int _count;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc/>
    public int Revision { get; private set; }

    /// <inheritdoc/>
    public object? this[Type key]
    {
        get => Find(key) is >= 0 and var at ? _features[at].Feature : null;
        set
        {
            Revision++;
            var at = Find(key);
            if (at < 0)
            {
                if (value is null)
                {
                    return;
                }

                if (_count == _features.Length)
                {
                    Array.Resize(ref _features, _count * 2);
                }

                at = _count++;
            }

            _features[at] = (key, value);
        }
    }

    /// <inheritdoc/>
    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    /// <inheritdoc/>
    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        for (var i = 0; i < _count; i++)
        {
            if (_features[i] is { Feature: { } feature, Type: var type })
            {
                yield return new KeyValuePair<Type, object>(type, feature);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int Find(Type type)
    {
        for (var i = 0; i < _count; i++)
        {
            if (ReferenceEquals(_features[i].Type, type))
            {
                return i;
            }
        }

        return -1;
    }
}
