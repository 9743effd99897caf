/**
 * The part of ik_llama.cpp's C interface that is used, word for word as in the `llama.h` of the Python wheel `ik-llama-cpp-python`
 * 0.1.5 without comments. Its structs have the names of llama.cpp's with other fields: they are declared with `ik_` before them.
 */
export const IK_WHEEL = {
  name: 'ik-llama-cpp-python',
  version: '0.1.5',
  bytes: 25_007_029,
  sha256: '52408f31dd05d16ada53b041155f14ec1fee9acd6ab0b4b4f77de04bd565bd67',
  /** The wheel of one interpreter, whichever asks: the libraries in it know nothing of Python, and one checksum holds. */
  tags: ['--implementation=cp', '--python-version=3.11', '--abi=cp311', '--platform=manylinux_2_28_x86_64'],
  /** The libraries that are needed, which refer to each other by these names. */
  files: [
    { entry: 'ik_llama_cpp/lib/libllama.so', bytes: 2_916_449 },
    { entry: 'ik_llama_cpp_python.libs/libggml-0b5e5db1.so', bytes: 26_508_825 },
    { entry: 'ik_llama_cpp_python.libs/libgomp-24e2ab19.so.1.0.0', bytes: 253_289 },
  ],
} as const

/** The same version as sources. */
export const IK_SOURCE = {
  name: IK_WHEEL.name,
  version: IK_WHEEL.version,
  bytes: 42_257_843,
  sha256: '33c67eb99e4dcab5e611050433243815709b8b3067753f9ce18375013cf002ad',
  /** Where ik_llama.cpp lies in it. */
  sources: `ik_llama_cpp_python-${IK_WHEEL.version}/vendor/ik_llama.cpp`,
} as const

export const IK_STRUCTS: Readonly<Record<string, string>> = {
  ik_llama_model_params: `
    const char * devices;
    int32_t n_gpu_layers;
    int32_t mla;
    enum llama_split_mode split_mode;
    int32_t main_gpu;
    int32_t max_gpu;
    int32_t ncmoe;
    enum ggml_type type_k;
    enum ggml_type type_v;
    uint32_t max_ctx_size;
    int32_t n_seq_max;
    int32_t n_ubatch;
    int32_t amb;
    int32_t fit_margin;
    bool fit;
    int32_t worst_graph_tokens;
    enum ggml_type type_k_first;
    enum ggml_type type_k_last;
    enum ggml_type type_v_first;
    enum ggml_type type_v_last;
    int32_t n_k_first;
    int32_t n_k_last;
    int32_t n_v_first;
    int32_t n_v_last;
    const float * tensor_split;
    const char * rpc_servers;
    llama_progress_callback progress_callback;
    void * progress_callback_user_data;
    const struct llama_model_kv_override * kv_overrides;
    const struct llama_model_tensor_buft_override * tensor_buft_overrides;
    bool vocab_only;
    bool use_mmap;
    bool use_mlock;
    bool check_tensors;
    bool repack_tensors;
    bool use_thp;
    bool validate_quants;
    bool merge_qkv;
    bool merge_up_gate_exps;
    bool mtp;
    bool dry_run;
    bool flash_attn;`,
  ik_llama_context_params: `
    uint32_t seed;
    uint32_t n_ctx;
    uint32_t n_batch;
    uint32_t n_ubatch;
    uint32_t n_seq_max;
    uint32_t n_threads;
    uint32_t n_threads_batch;
    int32_t max_extra_alloc;
    int32_t worst_case_tokens;
    enum llama_rope_scaling_type rope_scaling_type;
    enum llama_pooling_type pooling_type;
    enum llama_attention_type attention_type;
    float rope_freq_base;
    float rope_freq_scale;
    float yarn_ext_factor;
    float yarn_attn_factor;
    float yarn_beta_fast;
    float yarn_beta_slow;
    uint32_t yarn_orig_ctx;
    float defrag_thold;
    ggml_backend_sched_eval_callback cb_eval;
    void * cb_eval_user_data;
    enum ggml_type type_k;
    enum ggml_type type_v;
    enum ggml_type type_reduce;
    enum ggml_type type_k_first;
    enum ggml_type type_k_last;
    enum ggml_type type_v_first;
    enum ggml_type type_v_last;
    int32_t n_k_first;
    int32_t n_k_last;
    int32_t n_v_first;
    int32_t n_v_last;
    bool logits_all;
    bool embeddings;
    bool offload_kqv;
    bool flash_attn;
    int mla_attn;
    int attn_max_batch;
    bool fused_moe_up_gate;
    bool grouped_expert_routing;
    bool fused_up_gate;
    bool fused_mmad;
    bool rope_cache;
    bool graph_reuse;
    int min_experts;
    float thresh_experts;
    bool only_active_experts;
    bool k_cache_hadamard;
    bool v_cache_hadamard;
    bool split_mode_graph_scheduling;
    bool scheduler_async;
    bool mtp;
    enum llama_mtp_op_type mtp_op_type;
    ggml_abort_callback abort_callback;
    void * abort_callback_data;
    void * offload_policy;
    void * cuda_params;`,
  ik_llama_batch: `
    int32_t n_tokens;
    llama_token * token;
    float * embd;
    llama_pos * pos;
    int32_t * n_seq_id;
    llama_seq_id ** seq_id;
    int8_t * logits;
    llama_pos all_pos_0;
    llama_pos all_pos_1;
    llama_seq_id all_seq_id;`,
}

export const IK_FUNCTIONS = `
void llama_log_set(ggml_log_callback log_callback, void * user_data);
void llama_backend_init(void);
struct ik_llama_model_params llama_model_default_params(void);
struct ik_llama_context_params llama_context_default_params(void);
struct llama_model * llama_model_load_from_file(const char * path_model, struct ik_llama_model_params params);
void llama_free_model(struct llama_model * model);
struct llama_context * llama_init_from_model(struct llama_model * model, struct ik_llama_context_params params);
void llama_free(struct llama_context * ctx);
int32_t llama_n_vocab(const struct llama_model * model);
int32_t llama_n_ctx_train(const struct llama_model * model);
int32_t llama_model_desc(const struct llama_model * model, char * buf, size_t buf_size);
uint64_t llama_model_size(const struct llama_model * model);
uint64_t llama_model_n_params(const struct llama_model * model);
bool llama_model_has_encoder(const struct llama_model * model);
bool llama_model_has_decoder(const struct llama_model * model);
bool llama_model_is_recurrent(const struct llama_model * model);
bool llama_model_is_hybrid(const struct llama_model * model);
bool llama_kv_cache_seq_rm(struct llama_context * ctx, llama_seq_id seq_id, llama_pos p0, llama_pos p1);
void llama_kv_cache_seq_cp(struct llama_context * ctx, llama_seq_id seq_id_src, llama_seq_id seq_id_dst, llama_pos p0, llama_pos p1);
struct ik_llama_batch llama_batch_init(int32_t n_tokens, int32_t embd, int32_t n_seq_max);
void llama_batch_free(struct ik_llama_batch batch);
int32_t llama_decode(struct llama_context * ctx, struct ik_llama_batch batch);
float * llama_get_logits(struct llama_context * ctx);
`
