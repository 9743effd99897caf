#include "cells.h"
#include <pthread.h>

namespace ouroboros {

struct State {
    uint64_t id, computed;
    bool computing;
};
static __thread State state;
static uint64_t passes;

Pass planned_pass(uint64_t seen) {
    if (!state.id || state.computing || seen >= state.id) {
        state.id = __atomic_add_fetch(&passes, 1, __ATOMIC_RELAXED);
        state.computed += state.computing;
        state.computing = false;
    }
    return { state.id, state.computed };
}

void pass_computes() {
    state.computing = true;
}

/** A cache tensor that was written. */
struct Entry {
    const char * data;
    size_t bytes;
    const Tensor * root;
    Cells * cells;
    uint64_t pass;
};
static Array<Entry> entries;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const Tensor * root_of(const Tensor * t) {
    return t->view_src ? t->view_src : t;
}

static Entry * find(const Tensor * root) {
    for (Entry * e = entries.data, * end = e + entries.size; e != end; e++)
        if (e->data == root->data && e->root == root) return e;
    return nullptr;
}

static void leave(Entry & e) {
    if (--e.cells->tensors) return;
    free(e.cells->order.data);
    free(e.cells->known.data);
    free(e.cells);
}

/** A new tensor. Whatever lay in its memory belonged to a context that is gone. */
static Entry * enter(const Tensor * root) {
    const char * data = (const char *) root->data;
    const size_t bytes = root->nb[3] * root->ne[3];
    for (int64_t i = entries.size - 1; i >= 0; i--) {
        const Entry e = entries.data[i];
        if (e.data >= data + bytes || data >= e.data + e.bytes) continue;
        leave(entries.data[i]);
        entries.data[i] = entries.data[--entries.size];
    }
    Entry * e = entries.extend(1);
    *e = { data, bytes, root, nullptr, 0 };
    return e;
}

/** The cells that this pass writes with `index`. */
static Cells * cells_with(const Tensor * index, uint64_t pass) {
    for (int64_t i = 0; i < entries.size; i++) {
        Cells * c = entries.data[i].cells;
        if (c && c->pass == pass && c->index == index) return c;
    }
    Cells * c = (Cells *) calloc(1, sizeof(Cells));
    if (!c) abort();
    return c;
}

/** The written cells go to the end, in the batch's order. */
static void append(Cells & c, const Tensor * index, int64_t cells) {
    if (c.known.size < cells) {
        const int64_t more = cells - c.known.size;
        memset(c.known.extend(more), 0, more);
    }
    enum : uint8_t { WRITTEN = 2 };
    uint8_t * known = c.known.data;
    const auto cell = [&](int64_t i) { return index->type == I64 ? ((const int64_t *) index->data)[i] : ((const int32_t *) index->data)[i]; };
    bool again = false;
    for (int64_t i = 0; i < index->ne[0]; i++) {
        if (cell(i) < 0 || cell(i) >= cells) continue;
        again |= known[cell(i)];
        known[cell(i)] = WRITTEN;
    }
    if (again) {
        int64_t kept = 0;
        for (int64_t i = 0; i < c.order.size; i++) {
            c.order.data[kept] = c.order.data[i];
            kept += known[c.order.data[i]] != WRITTEN;
        }
        c.order.size = kept;
    }
    for (int64_t i = 0; i < index->ne[0]; i++) {
        if (cell(i) < 0 || cell(i) >= cells || known[cell(i)] != WRITTEN) continue;
        known[cell(i)] = 1;
        *c.order.extend(1) = (int32_t) cell(i);
    }
}

void cells_written(const Tensor * op) {
    const Tensor * root = root_of(op), * index = op->src[1];
    // Rows of one element belong to transposed values, which flash attention has no use for.
    if (root->op || op->ne[0] == 1 || op->ne[2] * op->ne[3] != 1 || index->op || index->ne[1] != 1) return;
    pthread_mutex_lock(&lock);
    Entry * e = find(root);
    if (!e) e = enter(root);
    const uint64_t pass = planned_pass(e->pass).id;
    e->pass = pass;
    if (!e->cells || (e->cells->pass == pass && e->cells->index != index)) {
        Cells * c = cells_with(index, pass);
        c->tensors++;
        if (e->cells) leave(*e);
        e->cells = c;
    }
    if (e->cells->pass != pass) {
        e->cells->pass = pass;
        e->cells->index = index;
        e->cells->row = op->nb[1];
        append(*e->cells, index, op->ne[1]);
    }
    pthread_mutex_unlock(&lock);
}

void forget_cells() {
    pthread_mutex_lock(&lock);
    while (entries.size) leave(entries.data[--entries.size]);
    pthread_mutex_unlock(&lock);
}

const Cells * cells_of(const Tensor * keys) {
    pthread_mutex_lock(&lock);
    const Entry * e = find(root_of(keys));
    const Cells * c = e && e->cells->row == keys->nb[1] ? e->cells : nullptr;
    pthread_mutex_unlock(&lock);
    return c;
}

} // namespace ouroboros
