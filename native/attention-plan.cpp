#include "attention-plan.h"
#include <pthread.h>

namespace ouroboros {

/** Plans of a thread. Those of a pass given up before it was computed stay until the next that is. */
struct Plans {
    Array<Plan *> made;
    uint64_t computed;
};
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void clear(Plans & plans) {
    for (int64_t i = 0; i < plans.made.size; i++) {
        Plan * p = plans.made.data[i];
        free(p->tiles.data);
        free(p->cells.data);
        free(p->bias.data);
        free(p->live.data);
        free(p);
    }
    plans.made.size = 0;
}

static void end_of_thread(void * p) {
    Plans * plans = (Plans *) p;
    clear(*plans);
    free(plans->made.data);
    free(plans);
}

static void * zeros(size_t bytes) {
    void * p = calloc(1, bytes);
    if (!p) abort();
    return p;
}

static Plans & plans_of_thread() {
    pthread_once(&once, [] { pthread_key_create(&key, end_of_thread); });
    Plans * plans = (Plans *) pthread_getspecific(key);
    if (!plans) {
        plans = (Plans *) zeros(sizeof(Plans));
        pthread_setspecific(key, plans);
    }
    return *plans;
}

/** A stream's mask, or none: rows of halves. */
struct Mask {
    const Tensor * t;
    int64_t heads, keys, stream;
    const uint16_t * row(int64_t head, int64_t token) const {
        if (!t) return nullptr;
        return (const uint16_t *) ((const char *) t->data + token * t->nb[1] + head * t->nb[2] + stream % t->ne[3] * t->nb[3]);
    }
    /** seen[j] |= 1 where the token sees key j for any head. */
    void see(int64_t token, uint8_t * seen) const {
        if (!t) memset(seen, 1, keys);
        else
            for (int64_t h = 0; h < heads; h++) {
                const uint16_t * m = row(h, token);
                for (int64_t j = 0; j < keys; j++) seen[j] |= m[j] != MASKED;
            }
    }
};

static int64_t count(const uint8_t * seen, int64_t keys) {
    int64_t n = 0;
    for (int64_t j = 0; j < keys; j++) n += seen[j];
    return n;
}

/** The stream's cells, numbered from its first: those never seen written by number, then by last write. */
static void visit(const Plan & p, int64_t base, int32_t * out) {
    int64_t n = 0;
    for (int64_t j = 0; j < p.keys; j++) {
        out[n] = (int32_t) j;
        n += !p.order || base + j >= p.order->known.size || !p.order->known.data[base + j];
    }
    for (int64_t i = 0; p.order && i < p.order->order.size; i++) {
        const int64_t j = p.order->order.data[i] - base;
        if (j >= 0 && j < p.keys) out[n++] = (int32_t) j;
    }
}

/** The tile's list, `seen` in the order of `visited`, with the mask beside it. */
static void add_tile(Plan & p, const Mask & mask, Tile tile, const int32_t * visited, const uint8_t * seen) {
    tile.length = (count(seen, p.keys) + SPAN - 1) / SPAN * SPAN;
    tile.cells = p.cells.size;
    tile.bias = p.bias.size;
    tile.live = p.live.size;
    if (p.longest < tile.length) p.longest = tile.length;
    if (p.most_tokens < tile.tokens) p.most_tokens = tile.tokens;
    int32_t * cells = p.cells.extend(tile.length + 1);
    int64_t n = 0;
    for (int64_t i = 0; i < p.keys; i++) {
        cells[n] = visited[i];
        n += seen[visited[i]];
    }
    for (int64_t i = n; i < tile.length; i++) cells[i] = cells[n - 1];
    for (int64_t h = 0; h < mask.heads; h++)
        for (int64_t i = 0; i < tile.tokens; i++) {
            const uint16_t * m = mask.row(h, tile.first + i);
            uint16_t * bias = p.bias.extend(tile.length);
            for (int64_t j = 0; j < tile.length; j++) bias[j] = j >= n ? (uint16_t) MASKED : m ? m[cells[j]] : 0;
        }
    uint8_t * live = p.live.extend(tile.length / SPAN * 2);
    for (int64_t s = 0; s < tile.length; s += SPAN, live += 2) {
        live[0] = live[1] = 0;
        for (int64_t i = 0; i < tile.tokens; i++) {
            bool any = false;
            for (int64_t h = 0; h < mask.heads; h++) {
                const uint16_t * bias = p.bias.data + tile.bias + (h * tile.tokens + i) * tile.length + s;
                for (int64_t j = 0; j < SPAN; j++) any |= bias[j] != MASKED;
            }
            if (!any) continue;
            if (!live[1]) live[0] = (uint8_t) i;
            live[1] = (uint8_t) (i + 1);
        }
    }
    *p.tiles.extend(1) = tile;
}

/** Tiles of one stream: a token joins its neighbor as long as the common list stays near to what one of them sees. */
static void add_stream(Plan & p, const Mask & mask, int32_t * visited, uint8_t * seen, uint8_t * own) {
    visit(p, p.base + mask.stream * p.stride, visited);
    Tile tile = { (int32_t) mask.stream, 0, 0, 0, 0, 0, 0 };
    int64_t most = 0;
    for (int64_t i = 0; i < p.tokens; i++) {
        memset(own, 0, p.keys);
        mask.see(i, own);
        const int64_t mine = count(own, p.keys);
        if (most < mine) most = mine;
        int64_t all = 0;
        if (tile.tokens)
            for (int64_t j = 0; j < p.keys; j++) all += seen[j] | own[j];
        if (tile.tokens == TILE || (tile.tokens && all > most + most / 4 + SPAN)) {
            add_tile(p, mask, tile, visited, seen);
            tile.first += tile.tokens;
            tile.tokens = 0;
            most = mine;
        }
        if (!tile.tokens) memcpy(seen, own, p.keys);
        else
            for (int64_t j = 0; j < p.keys; j++) seen[j] |= own[j];
        tile.tokens++;
    }
    if (tile.tokens) add_tile(p, mask, tile, visited, seen);
}

static Plan * make(Plan p) {
    int32_t * visited = (int32_t *) zeros(p.keys * sizeof(int32_t) + 2 * p.keys + 4);
    uint8_t * seen = (uint8_t *) (visited + p.keys + 1);
    for (int64_t s = 0; s < p.streams; s++) add_stream(p, { p.mask, p.mask ? p.mask->ne[2] : 1, p.keys, s }, visited, seen, seen + p.keys);
    free(visited);
    Plan * out = (Plan *) zeros(sizeof(Plan));
    *out = p;
    return out;
}

const Plan * plan_of(const Tensor * op) {
    const Tensor * q = op->src[0], * k = op->src[1];
    Plans & plans = plans_of_thread();
    Plan p = {};
    p.op = op;
    p.mask = op->src[3];
    p.order = cells_of(k);
    p.base = p.order && k->view_src ? ((const char *) k->data - (const char *) k->view_src->data) / (int64_t) k->nb[1] : 0;
    p.stride = k->nb[3] / k->nb[1];
    p.keys = k->ne[1];
    p.tokens = q->ne[1];
    p.streams = q->ne[3];
    Pass pass = planned_pass();
    for (int64_t i = plans.made.size - 1; i >= 0 && pass.computed == plans.computed; i--) {
        const Plan * m = plans.made.data[i];
        if (m->pass != pass.id) break;
        if (m->op == op) {
            pass = planned_pass(pass.id);
            break;
        }
        if (m->mask == p.mask && m->order == p.order && m->base == p.base && m->stride == p.stride && m->keys == p.keys &&
            m->tokens == p.tokens && m->streams == p.streams)
            return m;
    }
    if (pass.computed != plans.computed) clear(plans);
    plans.computed = pass.computed;
    p.pass = pass.id;
    Plan * made = make(p);
    *plans.made.extend(1) = made;
    return made;
}

} // namespace ouroboros
