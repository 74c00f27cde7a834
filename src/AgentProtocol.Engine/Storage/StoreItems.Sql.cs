namespace AgentProtocol.Engine.Storage;

/// <summary>The statements of the store. What has expired is nobody's any more, whether or not it was swept.</summary>
internal sealed partial class StoreItems
{
    private const string Alive = "(i.expires_at is null or i.expires_at > now())";

    /// <summary>
    /// Items in or below the namespace <c>$2</c>. The index holds the beginning of the namespace, which is compared with
    /// the beginning of the prefix; the slash is what follows the dot.
    /// </summary>
    private const string Below =
        """
        i.owner = $1 and left(i.namespace, 128) >= left($2, 128) and left(i.namespace, 128) < left($2, least(length($2) - 1, 128)) || '/'
            and starts_with(i.namespace, $2)
        """;

    /// <summary>Two puts in quick succession have visibly different times: SDKs read milliseconds (wire-contract 13.54).</summary>
    private const string Replace =
        """
        on conflict (owner, id) do update set
            value = excluded.value, filter = excluded.filter, ttl = excluded.ttl, expires_at = excluded.expires_at,
            created_at = case when i.expires_at <= now() then now() else i.created_at end,
            updated_at = greatest(now(), i.updated_at + interval '1 millisecond')
        """;

    private const string Put =
        """
        insert into store_items as i (owner, id, namespace, key, value, filter, ttl, expires_at)
        select $1, $2, $3, $4, $5, $6::jsonb, $7, now() + $7 * interval '1 minute'
        """;

    private const string PutSql = $"{Put} {Replace}";

    /// <summary>The lock keeps the fence from being raised before the commit.</summary>
    private const string PutFencedSql =
        $"""
        with held as (select from run_work where run_id = $8 and fence = $9 and state = 3 for share)
        {Put} from held {Replace}
        """;

    private const string DeleteSql = "delete from store_items where owner = $1 and id = $2";

    private const string DeleteFencedSql =
        """
        with held as (select from run_work where run_id = $3 and fence = $4 and state = 3 for share),
        gone as (delete from store_items i using held where i.owner = $1 and i.id = $2)
        select count(*) from held
        """;

    private const string ReadSql =
        $"""
        with refreshed as (
            update store_items i set expires_at = now() + i.ttl * interval '1 minute'
            where $3 and i.owner = $1 and i.id = $2 and i.expires_at > now())
        select i.namespace, i.key, i.value, i.created_at, i.updated_at from store_items i
        where i.owner = $1 and i.id = $2 and {Alive}
        """;

    /// <summary>
    /// Conditions are rows, so that one prepared statement does for all filters. Values are read for the items of the page
    /// only, and not at all when together they are too large. Of two searches that refresh the same items one skips them.
    /// </summary>
    private const string SearchSql =
        $"""
        with matched as materialized (
            select i.id, i.updated_at, i.key, i.namespace from store_items i
            where {Below} and {Alive}
              and not exists (
                select from unnest($3, $4, $5) as c(key, operator, operand)
                where not coalesce(case c.operator
                    when 'contains' then i.filter @> c.operand
                    when 'eq' then i.filter -> c.key = c.operand
                    when 'ne' then i.filter -> c.key is distinct from c.operand
                    when 'in' then exists (select from jsonb_array_elements(c.operand) as e where e.value = i.filter -> c.key)
                    when 'nin' then not exists (select from jsonb_array_elements(c.operand) as e where e.value = i.filter -> c.key)
                    else case when jsonb_typeof(i.filter -> c.key) = 'number' then
                        case c.operator
                            when 'gt' then (i.filter ->> c.key)::numeric > (c.operand #>> array[]::text[])::numeric
                            when 'gte' then (i.filter ->> c.key)::numeric >= (c.operand #>> array[]::text[])::numeric
                            when 'lt' then (i.filter ->> c.key)::numeric < (c.operand #>> array[]::text[])::numeric
                            when 'lte' then (i.filter ->> c.key)::numeric <= (c.operand #>> array[]::text[])::numeric
                        end
                    end
                end, false))),
        page as materialized (
            select * from matched m order by m.updated_at desc, m.key, m.namespace limit $6 offset $7),
        due as (
            select i.id from page p join store_items i on i.owner = $1 and i.id = p.id
            where $8 and i.expires_at > now() order by i.id for no key update of i skip locked),
        refreshed as (
            update store_items i set expires_at = now() + i.ttl * interval '1 minute' from due where i.owner = $1 and i.id = due.id)
        select t.total, t.bytes, i.namespace, i.key, case when t.bytes <= $9 then i.value end, i.created_at, i.updated_at
        from (select (select count(*) from matched) as total, (
            select coalesce(sum(octet_length(s.value)), 0) from page q join store_items s on s.owner = $1 and s.id = q.id) as bytes) t
        left join page p on true
        left join store_items i on i.owner = $1 and i.id = p.id
        order by p.updated_at desc, p.key, p.namespace
        """;

    private const string ListNamespacesSql =
        $"""
        with found as (select distinct i.namespace from store_items i where {Below} and {Alive}),
        labelled as (select string_to_array(substr(namespace, 2, length(namespace) - 2), '.') as labels from found)
        select distinct labels[1:$5] as shown from labelled
        where cardinality(labels) >= greatest(cardinality($3), cardinality($4))
          and not exists (
            select from unnest($3) with ordinality as p(label, n) where p.label not in ('*', labels[p.n::integer]))
          and not exists (
            select from unnest($4) with ordinality as s(label, n)
            where s.label not in ('*', labels[cardinality(labels) - cardinality($4) + s.n::integer]))
        order by shown limit $6 offset $7
        """;

    private const string DeleteExpiredSql =
        """
        with due as (select owner, id from store_items where expires_at <= now() order by expires_at limit $1 for update skip locked)
        delete from store_items i using due where i.owner = due.owner and i.id = due.id
        """;
}
