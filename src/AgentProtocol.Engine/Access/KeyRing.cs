using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Access;

/// <summary>
/// The keys of this moment in memory. Requests look here and not into the database, so that neither traffic nor guessing
/// costs statements: all keys are read together, at most once in <see cref="MissPause"/>, and a guess leaves nothing behind.
/// </summary>
internal sealed class KeyRing(ApiKeyStore store, TimeProvider time)
{
    /// <summary>How long a key may still open something after it was revoked or has expired.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(3);

    /// <summary>How soon a key that is not known yet is looked for again; a key that was just made should work at once.</summary>
    public static readonly TimeSpan MissPause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Keys? current;
    private Task<Keys>? loading;

    /// <summary>Whether there has ever been a key. A server whose last key was revoked does not fall open.</summary>
    public async ValueTask<bool> HasHadKeysAsync(CancellationToken cancellationToken) =>
        (await GetAsync(Freshness, cancellationToken)).ByHash is not null;

    /// <summary>Finds the key that a caller sends, and notes its use.</summary>
    /// <returns>Null when no key that counts has this text.</returns>
    public async ValueTask<ApiKey?> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (!KeyText.IsShapedLikeKey(text))
        {
            return null;
        }

        // How long a search among hashes takes tells nothing about the secrets that they are of.
        var hash = Convert.ToHexString(KeyText.Hash(text));
        var keys = await GetAsync(Freshness, cancellationToken);
        var found = keys.Find(hash) ?? (await GetAsync(MissPause, cancellationToken)).Find(hash);
        if (found is not null && found.TakeTouch())
        {
            await store.TouchAsync(found.Key.Id, cancellationToken);
        }

        return found?.Key;
    }

    private async ValueTask<Keys> GetAsync(TimeSpan freshness, CancellationToken cancellationToken)
    {
        Task<Keys> load;
        lock (gate)
        {
            if (current is { } known && time.GetElapsedTime(known.ReadAt) < freshness)
            {
                return known;
            }

            // One for all who wait, and for none of them alone: the first one's hanging up must not fail the others.
            load = loading ??= LoadAsync();
        }

        return await load.WaitAsync(cancellationToken);
    }

    private async Task<Keys> LoadAsync()
    {
        // Off the lock under which it was started.
        await Task.Yield();
        try
        {
            var readAt = time.GetTimestamp();
            var rows = await store.ReadUsableAsync(CancellationToken.None);
            var keys = new Keys(readAt, rows?.ToDictionary(key => Convert.ToHexString(key.Row.Hash), key => new Entry(ApiKey.Of(key.Row), !key.UsedJustNow)));
            lock (gate)
            {
                return current = keys;
            }
        }
        finally
        {
            lock (gate)
            {
                loading = null;
            }
        }
    }

    private sealed record Keys(long ReadAt, Dictionary<string, Entry>? ByHash)
    {
        public Entry? Find(string hash) => ByHash?.GetValueOrDefault(hash);
    }

    private sealed class Entry(ApiKey key, bool isUntouched)
    {
        private int untouched = isUntouched ? 1 : 0;

        public ApiKey Key => key;

        /// <summary>True for one of those who use the key at once, when nobody has noted its use in the last minute.</summary>
        public bool TakeTouch() => untouched == 1 && Interlocked.Exchange(ref untouched, 0) == 1;
    }
}
